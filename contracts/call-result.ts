import { asRecord } from '../src/document/json.ts'
import { parseJson } from './values.ts'
/** What became of a call, the same for every server. */
export interface CallResult {
  /**
   * `success`: Cal.com's success arrived. `upstream_error`: Cal.com's own error did. `gateway_error`: the gateway's own error,
   * whether or not something was sent. `broken`: none of these, `reason` says why.
   */
  readonly kind: 'success' | 'upstream_error' | 'gateway_error' | 'broken'
  /** Status of Cal.com's response or of the gateway's error; unknown for a tool's success, which carries none. */
  readonly status: number | undefined
  /** Code of the gateway's error or of Cal.com's. */
  readonly code: string | undefined
  /** Names of the arguments that the gateway refuses: `limit`, `body.timeFormat`, `emails[0]`. */
  readonly places: readonly string[]
  /** The JSON that arrived: Cal.com's response, or the gateway's error. */
  readonly body: unknown
  /** The very text that arrived. */
  readonly text: string
  /** How many contents a tool's result has; 1 for a response of REST. */
  readonly parts: number
  /** Why nothing usable arrived; empty otherwise. */
  readonly reason: string
  /** Of REST alone. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Arguments by the names the capability gives them: `x-cal-secret-key`, `clientId`, `userId`, `body`. */
export type CallArguments = Readonly<Record<string, unknown>>

const nothing = {
  status: undefined,
  code: undefined,
  places: [],
  body: undefined,
  text: '',
  parts: 1,
  reason: '',
  headers: {},
}

/** Describes a call that ended in nothing a client could use. */
export function breakCall(reason: string): CallResult {
  return { ...nothing, kind: 'broken', reason }
}

/** Reads an HTTP response of the REST server. */
export function readHttpResponse(status: number, headers: CallResult['headers'], text: string): CallResult {
  const type = String(headers['content-type'] ?? '')
  const body = parseJson(text)
  if (body === undefined)
    return {
      ...breakCall(
        `${status} ${type || 'without a content type'}, and ${text === '' ? 'no body' : 'a body that is no JSON'}`,
      ),
      status,
      headers,
      text,
    }
  const arrived = { ...nothing, status, headers, body, text }
  if (/^application\/problem\+json/i.test(type))
    return { ...arrived, kind: 'gateway_error', ...readProblem(body) }
  const kind = status < 400 ? 'success' : 'upstream_error'
  return { ...arrived, kind, code: status < 400 ? undefined : readCode(body) }
}

/** Reads the result of a tool call. */
export function readToolResult(result: unknown): CallResult {
  const { content, structuredContent, isError } = asRecord(result)
  const text = String(asRecord([content].flat()[0]).text ?? '')
  const arrived = { ...nothing, text, parts: [content].flat().length }
  if (isError !== true) return { ...arrived, kind: 'success', body: structuredContent }
  const error = asRecord(asRecord(structuredContent).error)
  if (typeof error.outcome === 'string')
    return {
      ...arrived,
      kind: 'gateway_error',
      status: readStatus(error),
      body: error,
      ...readProblem(error),
    }
  return {
    ...arrived,
    kind: 'upstream_error',
    status: readStatus(error),
    code: typeof error.code === 'string' ? error.code : undefined,
    body: error.response,
  }
}

function readStatus({ status }: Readonly<Record<string, unknown>>): number | undefined {
  return typeof status === 'number' ? status : undefined
}

function readProblem(body: unknown): Pick<CallResult, 'code' | 'places'> {
  const { code, errors = [] } = asRecord(body)
  const places = [errors]
    .flat()
    .map((one: unknown) => String(asRecord(one).location).replace(/^(path|query|header)\./, ''))
  return { code: String(code), places }
}

function readCode(body: unknown): string | undefined {
  const { code } = asRecord(asRecord(body).error)
  return code === undefined ? undefined : String(code)
}

/** Returns the media type of a response, in lower case and without parameters (RFC 9110 section 8.3.1). */
export function readMediaType({ 'content-type': type }: CallResult['headers']): string {
  return (
    String(type ?? '')
      .split(';')[0]
      ?.trim()
      .toLowerCase() ?? ''
  )
}

/** Reads the one JSON-RPC message of a response, which may come as an event stream. */
export function readMessage(type: string, text: string): Readonly<Record<string, unknown>> {
  if (!/^text\/event-stream/i.test(type)) return asRecord(parseJson(text))
  const data = text.split(/\r?\n/).filter((line) => line.startsWith('data:'))
  const messages = data.map((line) => asRecord(parseJson(line.slice('data:'.length))))
  return messages.find((one) => 'result' in one || 'error' in one) ?? {}
}
