import type { IncomingHttpHeaders } from 'node:http'
import { asRecord } from '../src/document/json.ts'
import { type CallResult, readHttpResponse } from './call-result.ts'
import type { OperationFacts } from './requirements.ts'
import type { RestRequest } from './rest-client.ts'
import { parseJson } from './values.ts'

/** A call that a server was sent in a run, and what came of it. */
export interface Exchange {
  /** Name of the server: `Cal.com`, `REST`, `MCP 2025-11-25`. */
  readonly server: string
  readonly method: string
  /** Path and query, with or without a prefix before `/v2`. */
  readonly path: string
  readonly secret: string | undefined
  /** True for a call whose response may be that of an earlier one. */
  readonly hasIdempotencyKey: boolean
  readonly body: unknown
  readonly result: CallResult
  /** Milliseconds since the epoch when the response had arrived. */
  readonly at: number
}

/** A request as it arrived at the recorder. */
export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** The upstream's response to a request, as it arrived at the recorder. */
export interface UpstreamResponse {
  readonly status: number
  readonly headers: CallResult['headers']
  readonly text: string
}

/** Writes down what the upstream was asked and what it returned. */
export function recordUpstream(
  { method, url, headers, body }: RecordedRequest,
  { status, headers: received, text }: UpstreamResponse,
): Exchange {
  const request = { method, path: url, headers: asTexts(headers), body: body.toString() }
  return recordCall('Cal.com', request, readHttpResponse(status, received, text))
}

/** Writes down what a server was asked and what it returned. */
export function recordCall(
  server: string,
  { method, path, headers, body }: RestRequest,
  result: CallResult,
): Exchange {
  return {
    server,
    method,
    path,
    secret: headers['x-cal-secret-key'],
    hasIdempotencyKey: 'idempotency-key' in headers,
    body: body === undefined ? undefined : parseJson(body),
    result,
    at: Date.now(),
  }
}

/** Finds the operation that a call belongs to, and the variables of its path; nothing for another path. */
export function readOperation(
  { method, path }: Pick<Exchange, 'method' | 'path'>,
  operations: readonly OperationFacts[],
): { readonly operation: OperationFacts; readonly variables: Readonly<Record<string, string>> } | undefined {
  const [called = ''] = path.split('?')
  for (const operation of operations) {
    const [wanted, template = ''] = operation.operation.split(' ')
    if (wanted !== method) continue
    const found = readPattern(template).exec(called)
    if (found) return { operation, variables: { ...asTexts(asRecord(found.groups)) } }
  }
  return undefined
}

const patterns = new Map<string, RegExp>()

/** Returns the expression of a path template; each is made once, since every exchange of a run is read by them. */
function readPattern(template: string): RegExp {
  const known = patterns.get(template)
  if (known) return known
  const pattern = new RegExp(`${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
  patterns.set(template, pattern)
  return pattern
}

function asTexts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const present = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present.map(([name, value]) => [name, String(value)]))
}
