import { isUtf8 } from 'node:buffer'
import type { ResponseRules } from '../document/api.ts'
import { dropHops, noHops } from '../document/header-text.ts'
import { decodeJson, exceeds, isJsonType } from '../document/json.ts'
import { findResponse } from '../document/responses.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import {
  createCallError,
  currentCall,
  type Interceptor,
  isRead,
  type UpstreamCall,
  type UpstreamRequest,
  type UpstreamResponse,
} from './call.ts'
import { isReadable, redactBytes, redactError, redactSecrets } from './redaction.ts'
import { isFiltered } from './secret-filter.ts'
import { mark, SecretSearch } from './secret-search.ts'
import { findWideEncoding } from './wide-text.ts'

/**
 * Decides what of a response may go to the client: JSON only as one complete text, JSON and texts without the
 * configured secrets, other bytes as they came, an error but for what it echoes of the request, an encoded body not at
 * all; and of its headers the safe ones. Rejects with `upstream_invalid_response`.
 */
export function checkResponses(rules: ResponseRules): Interceptor {
  return (send) => async (request) => {
    const response = await send(request)
    try {
      return check(response, request, rules)
    } catch (error) {
      response.stream?.destroy()
      throw error
    }
  }
}

function check(
  { status, headers, body: collected, stream }: UpstreamResponse,
  request: UpstreamRequest,
  rules: ResponseRules,
): UpstreamResponse {
  const call = currentCall()
  if (status < 200 || status > 599) throw refuse(call, `status ${status}, which HTTP does not have`)
  const { 'content-encoding': encoded = 'identity', 'transfer-encoding': coding = 'chunked' } = headers
  if (!/^identity$/i.test(String(encoded)) || !/^chunked$/i.test(String(coding)))
    throw refuse(call, 'an encoded body that nobody asked for')
  const twice = singletons.find((name) => Array.isArray(headers[name]))
  if (twice !== undefined) throw refuse(call, `two headers ${twice}`)
  const type = headers['content-type']
  const isJson = typeof type === 'string' && isJsonType(type)
  const secrets = call.listSecrets()
  const own = noHops.test(String(headers.connection ?? '')) ? headers : dropHops(headers)
  const selected = selectHeaders(own, (name) => rules.headers.has(name) || isOwn(name, status, isJson))
  const isSearched = status >= 300 || mayRepeat(Object.values(selected).join(), secrets)
  const search = isSearched ? new SecretSearch(secrets) : undefined
  const safe = search ? redactHeaders(selected, search) : selected
  if (stream) {
    // What is taken out of a text changes its length.
    const length = isFiltered(call, headers) ? {} : readLength(headers)
    return { status, headers: { ...safe, ...untrusted, ...length }, body: collected, stream }
  }
  const isTooMuch = status >= 300 && secrets.length * collected.length > mostWork
  const body = isTooMuch ? Buffer.from(isJson ? JSON.stringify(mark) : mark) : collected
  if (isJson && !isUtf8(body)) throw refuse(call, 'JSON that is not UTF-8')
  // The text is made of those alone that can hold so many.
  if (isJson && body.length > mostValues && exceeds(body.toString('utf8'), { elements: mostValues }))
    throw refuseLarge(call, `JSON of more than ${mostValues.toLocaleString('en')} values`)
  const isText = isJson || isReadable(type) || isUtf8(body)
  // Of JSON that is UTF-8, only an error is not parsed below, which would refuse it.
  const mayBeWide = isJson ? status >= 400 : isReadable(type)
  const encoding = mayBeWide ? findWideEncoding(body, type && String(type)) : undefined
  if (isJson && encoding) throw refuse(call, 'JSON that is not UTF-8')
  if (encoding === 'utf-32') throw refuse(call, 'a text in UTF-32')
  if (search && status >= 400) {
    const clean = isText ? redactError(body, search, rules, encoding) : body
    if (isJson) return { status, headers: safe, body: clean }
    return { status, headers: { ...safe, ...untrusted }, body: redactBytes(clean, search) }
  }
  if (body.length === 0 && (type === undefined || request.method === 'HEAD' || mayBeEmpty(call, status)))
    return { status, headers: safe, body }
  // A success may repeat what its client sent, but nothing may repeat what the operator configured.
  const hidden = status < 300 ? call.configured : search
  const clean = hidden ? redactSecrets(body, type, hidden) : body
  if (!isJson) return { status, headers: { ...safe, ...untrusted }, body: clean }
  const json = readJson(clean)
  if (!json) throw refuse(call, `status ${status} without a complete JSON body`)
  return { status, headers: safe, body: clean, json }
}

/** Takes what the client brought out of the body of a checked success; one without it comes back as it is. */
export function redactBrought(response: UpstreamResponse, brought: readonly string[]): UpstreamResponse {
  const { status, headers, body } = response
  if (!mayRepeat(body.toString('latin1'), brought)) return response
  const clean = redactSecrets(body, headers['content-type'], new SecretSearch(brought))
  if (clean === body) return response
  const json = isJsonType(String(headers['content-type'] ?? '')) ? readJson(clean) : undefined
  return { status, headers, body: clean, ...(json && { json }) }
}

/** Members and elements of a JSON response: parsed, so many fit into the heap of a container with 512 MB. */
const mostValues = 2_000_000

/** Secrets times bytes of an error or a redirect that are searched: some hundredths of a second. */
const mostWork = 20_000_000

/** Of two of these, readers take the first or the last (RFC 9110 §5.3), and the two can be of other kinds. */
const singletons = ['content-type', 'content-disposition', 'location']

/** A redirect or a link keeps the query of the request, and with it a credential that the API takes there. */
function redactHeaders(
  headers: UpstreamResponse['headers'],
  search: SecretSearch,
): UpstreamResponse['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (Array.isArray(value)) return [name, value.map((one) => search.takeOut(one))]
      return [name, value && search.takeOut(value)]
    }),
  )
}

const escaped = /[%&\\\0\x80-\xff]/
/** Secrets that other texts stand for, which have no escape: spaces of forms, escapes of its own, and numbers. */
const respelled = /[ %&\\]|^\d+$/

/** Returns whether a text may have a secret, in whatever spelling: most successes need no search. */
function mayRepeat(text: string, secrets: readonly string[]): boolean {
  return escaped.test(text) || secrets.some((one) => text.includes(one) || respelled.test(one))
}

/**
 * Returns whether a header means something in a response: where a resource is (RFC 9110 §10.2.2), which part of it came
 * (§14.4), or the name of a file.
 */
function isOwn(name: string, status: number, isJson: boolean): boolean {
  if (name === 'location') return status === 201 || (status >= 300 && status < 400)
  if (name === 'content-range') return status === 206 || status === 416
  return name === 'content-disposition' && !isJson
}

/** A stream that ends before its length has failed, which a client without the length could not tell. */
function readLength({ 'content-length': length }: UpstreamResponse['headers']): UpstreamResponse['headers'] {
  return length === undefined ? {} : { 'content-length': length }
}

/** Keeps a browser from running a page that something in front of the API sent: it would be a page of the gateway. */
const untrusted = { 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' }

/**
 * Returns whether the document describes no JSON body of a status, or none of any success: an empty one is complete.
 */
function mayBeEmpty({ operation: { responses } }: UpstreamCall, status: number): boolean {
  if (status === 204 || status >= 300) return true
  const successes = responses.filter((one) => one.status.startsWith('2'))
  const described = findResponse(responses, status)?.content ?? successes.flatMap(({ content }) => content)
  return !described.some(({ kind }) => kind === 'json')
}

/** Keeps the headers that are safe to pass on; token responses must not be cached (RFC 6749 §5.1). */
function selectHeaders(
  headers: UpstreamResponse['headers'],
  isSafe: (name: string) => boolean,
): Record<string, string | string[]> {
  const selected: Record<string, string | string[]> = { 'cache-control': 'no-store' }
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && isSafe(name)) selected[name] = value
  }
  return selected
}

function readJson(body: Buffer): UpstreamResponse['json'] {
  try {
    const text = decodeJson(body)
    const value: unknown = JSON.parse(text)
    return { text, value }
  } catch {
    return undefined
  }
}

/** Creates the error of a response that is larger than a limit. A write is not told to ask for less: it may have had its effect. */
export function refuseLarge(call: UpstreamCall, what: string): GatewayError {
  const less = isRead(call.operation) && { recovery: 'Ask for less, such as a smaller page.' }
  return createCallError(call, 'upstream_invalid_response', { detail: `The upstream sent ${what}.`, ...less })
}

/** Creates the error of a response that finds no room: a read may be sent again, and what became of a write is unknown. */
export function refuseBusy(call: UpstreamCall, request: UpstreamRequest, what: string): GatewayError {
  if (isRead(request)) return new GatewayError('overloaded', { headers: { 'retry-after': '1' } })
  const detail = `The gateway had no room for the response: too many ${what} at a time.`
  return createCallError(call, 'upstream_invalid_response', { detail })
}

function refuse(call: UpstreamCall, what: string): GatewayError {
  return createCallError(call, 'upstream_invalid_response', { detail: `The upstream sent ${what}.` })
}
