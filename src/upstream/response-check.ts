import { isUtf8 } from 'node:buffer'
import type { ResponseRules } from '../document/api.ts'
import { isJsonType } from '../document/json.ts'
import {
  createCallError,
  currentCall,
  type Interceptor,
  type UpstreamCall,
  type UpstreamResponse,
} from './call.ts'
import { redactError } from './redaction.ts'

/**
 * Decides what of a response may go to the client: JSON only as one complete text, any other body as it came, an error
 * but for what it echoes of the request, anything else (a redirect, an encoded body) not at all; and of its headers
 * the safe ones. Rejects with `upstream_invalid_response`.
 */
export function checkResponses(rules: ResponseRules): Interceptor {
  return (send) => async (request) => {
    const { status, headers, body } = await send(request)
    const call = currentCall()
    if (status < 200 || (status >= 300 && status < 400) || status > 599)
      throw refuse(call, `status ${status}, and redirects are not followed`)
    const encoding = headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity') throw refuse(call, 'an encoded body that nobody asked for')
    const safe = selectHeaders(headers, rules.headers)
    const type = headers['content-type']
    const isJson = typeof type === 'string' && isJsonType(type)
    if (isJson && !isUtf8(body)) throw refuse(call, 'JSON that is not UTF-8')
    if (status >= 400)
      return {
        status,
        headers: isJson ? safe : { ...safe, ...untrusted },
        body: redactError(body, call.listSecrets(), rules),
      }
    const isEmpty = body.length === 0 && (status === 204 || type === undefined || request.method === 'HEAD')
    if (isEmpty) return { status, headers: safe, body }
    if (!isJson && !isJsonAlone(call)) return { status, headers: { ...safe, ...untrusted }, body }
    const json = isJson ? readJson(body) : undefined
    if (!json) throw refuse(call, `status ${status} without a complete JSON body`)
    return { status, headers: safe, body, json }
  }
}

/** Keeps a browser from running a page that something in front of the API sent: it would be a page of the gateway. */
const untrusted = { 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' }

/** True where the document describes successes as JSON and nothing else: any other type is no response of the API. */
function isJsonAlone({ operation }: UpstreamCall): boolean {
  const content = operation.responses.flatMap((one) => (/^2/.test(one.status) ? one.content : []))
  return content.length > 0 && content.every(({ kind }) => kind === 'json')
}

/** Keeps the headers that are safe to pass on; token responses must not be cached (RFC 6749 §5.1). */
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

function readJson(body: Buffer): UpstreamResponse['json'] {
  try {
    const text = body.toString('utf8')
    const value: unknown = JSON.parse(text)
    return { text, value }
  } catch {
    return undefined
  }
}

function refuse(call: UpstreamCall, what: string): Error {
  return createCallError(call, 'upstream_invalid_response', { detail: `The upstream sent ${what}.` })
}
