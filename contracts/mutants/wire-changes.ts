import { isObject } from '../../src/document/json.ts'
import { parseJson } from '../values.ts'
import type { WireRequest } from './mutating-proxy.ts'

/** Returns members without one of them. */
export function without<Value>(
  members: Readonly<Record<string, Value>>,
  name: string,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(members).filter(([one]) => one !== name))
}

/** Returns the request with a header set. */
export function withHeader(request: WireRequest, name: string, value: string): WireRequest {
  return { ...request, headers: { ...request.headers, [name]: value } }
}

/** Returns the request with the names of its path changed. */
export function mapPath(request: WireRequest, change: (names: string[]) => string[]): WireRequest {
  const [path = '', ...query] = request.url.split('?')
  return { ...request, url: [change(path.split('/')).join('/'), ...query].join('?') }
}

/** Returns the request with the parts of its query changed, each `name=value`. */
export function mapQuery(request: WireRequest, change: (parts: string[]) => string[]): WireRequest {
  const [path = '', query = ''] = request.url.split('?')
  const parts = change(query.split('&').filter(Boolean))
  return { ...request, url: parts.length > 0 ? `${path}?${parts.join('&')}` : path }
}

/** Returns the request or response with its JSON object changed; any other body stays. */
export function mapBody<Wire extends { readonly text: string }>(
  wire: Wire,
  change: (body: Record<string, unknown>) => unknown,
): Wire {
  const body = parseJson(wire.text)
  if (!isObject(body)) return wire
  return { ...wire, text: JSON.stringify(change({ ...body })) }
}

/** Returns an object with every value changed. */
export function mapValues(body: Record<string, unknown>, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, change(value)]))
}

/** Returns names with two of them in each other's place. */
export function swap(names: string[], one: number, other: number): string[] {
  return names.with(one, names[other] ?? '').with(other, names[one] ?? '')
}
