import type { ResponseRules } from '../document/api.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { UpstreamCall } from './call.ts'
import { redactError } from './redaction.ts'
import type { UpstreamResponse } from './response-collector.ts'

/**
 * Decides what of an upstream answer may go to the caller: a success only as a complete JSON text, an error as
 * it came but for what it echoes of the request, anything else (a redirect, an encoded body) not at all.
 * Throws `upstream_invalid_response`.
 */
export function checkAnswer(
  answer: UpstreamResponse,
  listSecrets: UpstreamCall['listSecrets'],
  rules: ResponseRules,
): UpstreamResponse {
  const { status, body } = answer
  const headers = selectHeaders(answer.headers, rules.headers)
  if (status < 200 || (status >= 300 && status < 400) || status > 599)
    refuse(`status ${status}, and redirects are not followed`)
  const encoding = answer.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') refuse('an encoded body that nobody asked for')
  if (status >= 400) return { ...answer, headers, body: redactError(body, listSecrets(), rules) }
  if (status === 204) return { ...answer, headers }
  const json = readJson(headers['content-type'], body)
  if (!json) refuse(`status ${status} without a complete JSON body`)
  return { status, headers, body, json }
}

/** Keeps the headers that are safe to hand on; token answers must not be cached (RFC 6749 §5.1). */
function selectHeaders(
  headers: UpstreamResponse['headers'],
  safe: ReadonlySet<string>,
): Record<string, string | string[]> {
  const selected: Record<string, string | string[]> = { 'cache-control': 'no-store' }
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && safe.has(name)) selected[name] = value
  }
  return selected
}

function isJson(contentType: string): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType)
}

function readJson(contentType: string | string[] | undefined, body: Buffer): UpstreamResponse['json'] {
  if (typeof contentType !== 'string' || !isJson(contentType)) return undefined
  try {
    const text = body.toString('utf8')
    return { text, value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function refuse(what: string): never {
  throw new GatewayError('upstream_invalid_response', { detail: `The upstream answered with ${what}.` })
}
