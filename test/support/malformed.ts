import type { Sending } from '../attack/raw-http.ts'

/** One malformed request: its name, its bytes as latin-1 text, the one status that may answer it, how to send it. */
export type Malformed = readonly [name: string, text: string, status: Status, sending?: Sending]

/** 0 where the connection just ends. */
type Status = 0 | 400 | 401 | 403 | 404 | 405 | 406 | 408 | 413 | 414 | 415 | 417 | 431 | 501 | 505

/** A port and a call on it that would go upstream, to be malformed. */
export interface Target {
  /** Path of the call. */
  readonly path: string
  /** A body with which a POST to the path would be executed. */
  readonly body: string
}

/** A secret that no answer and no log line may repeat. */
export const canary = 'planted-canary-7f3a'

/** The header lines every sound request has. */
export const soundLines = ['Host: 127.0.0.1', `x-cal-secret-key: ${canary}`, 'Accept: application/json']

/** Writes a request down: lines of its head, and its body as it is. */
export function write(line: string, lines: readonly string[], body = ''): string {
  return `${[line, ...lines].join('\r\n')}\r\n\r\n${body}`
}

/** A POST of the target's path with lines added, framed by `Content-Length` unless the lines frame it. */
export function writePost(
  target: Target,
  lines: readonly string[],
  body = target.body,
  framed = true,
): string {
  const length = framed ? [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`] : []
  const all = [...soundLines, 'Content-Type: application/json', ...length, ...lines]
  return write(`POST ${target.path} HTTP/1.1`, all, body)
}
