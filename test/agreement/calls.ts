import { type Follow, type Pick, pickOdd, pickSound, type Schema } from './values.ts'

/** A parameter of a served document. */
export interface ServedParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
  readonly explode?: boolean
  readonly example?: unknown
}

/** An operation of a served document. */
export interface ServedOperation {
  readonly method: string
  readonly path: string
  readonly parameters: readonly ServedParameter[]
  readonly body: { readonly required: boolean; readonly schema: Schema } | undefined
  /** Its tool, with the argument of each parameter and of `body`. */
  readonly tool: { readonly name: string; readonly arguments: Readonly<Record<string, string>> }
}

/** Lists the operations of a document as a gateway serves it. */
export function listServed(text: string): ServedOperation[] {
  const { paths, servers } = JSON.parse(text)
  const base = String(servers?.[0]?.url ?? '').replace(/\/$/, '')
  return Object.entries<object>(paths).flatMap(([key, item]) =>
    Object.entries(item).map(([method, { parameters, requestBody, 'x-mcp-tool': tool }]) => {
      const schema = requestBody?.content['application/json'].schema
      const body = schema && { required: requestBody.required === true, schema }
      return { method: method.toUpperCase(), path: `${base}${key}`, parameters, tool, body }
    }),
  )
}

/** What is given in a call. */
export interface Call {
  readonly values: ReadonlyMap<ServedParameter, unknown>
  readonly body: unknown
  /** Values for names that no parameter has, or that are given already. */
  readonly more: readonly (readonly [string, unknown])[]
}

/** Makes up a call: all of it sound, or one or two of its parts odd, missing or too much. */
export function pickCall(operation: ServedOperation, pick: Pick, follow: Follow): Call {
  const { parameters, body } = operation
  const given = parameters.filter(({ required }) => required || pick([true, false]))
  const sound: Call = {
    values: new Map(given.map((one) => [one, pickValue(one, pick, follow)])),
    body: body && pickSound(body.schema, pick, follow),
    more: [],
  }
  const changes = Array.from({ length: pick([0, 1, 1, 2]) })
  return changes.reduce<Call>((call) => changeCall(call, operation, pick, follow), sound)
}

/** The example of what is required leads past the authentication of a mock. */
function pickValue({ schema, example, required }: ServedParameter, pick: Pick, follow: Follow): unknown {
  const isExample = required && example !== undefined && pick([true, true, true, true, false])
  return isExample ? example : pickSound(schema, pick, follow)
}

function changeCall(call: Call, { parameters, body }: ServedOperation, pick: Pick, follow: Follow): Call {
  const part = pick([...parameters, ...(body ? [body, body, body] : []), undefined])
  const isLeftOut = pick([false, false, false, true])
  if (part === undefined) {
    const known = parameters.map(({ name, schema }) => ({ name, schema }))
    const { name, schema } = pick([
      ...known,
      { name: 'extra', schema: {} },
      { name: '__proto__', schema: {} },
    ])
    return { ...call, more: [...call.more, [name, pickSound(schema, pick, follow)]] }
  }
  if (!('in' in part)) return { ...call, body: isLeftOut ? undefined : pickOdd(part.schema, pick, follow) }
  const values = new Map(call.values)
  if (isLeftOut) values.delete(part)
  else values.set(part, pickOdd(part.schema, pick, follow))
  return { ...call, values }
}

/** Returns whether a URL has a spelling for all parameters: it has none for half of a surrogate pair or an empty list. */
export function isSpelled({ values, more }: Call): boolean {
  const texts = [...values.values(), ...more].map((one) => JSON.stringify(one))
  return texts.every((text) => text !== '[]' && !/\\ud[89a-f]/i.test(text))
}

/** A request as it goes over the wire. */
export interface RestRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** Writes a call as a request; undefined where a value has no spelling in a header. */
export function writeRest(
  { method, path }: ServedOperation,
  { values, body, more }: Call,
): RestRequest | undefined {
  const pairs = [...values].flatMap(([one, value]) => (one.in === 'query' ? writePairs(one, value) : []))
  const others = more.map(([name, value]) => `${name}=${write(value)}`)
  const segments = new Map([...values].map(([{ name }, value]) => [`{${name}}`, write(value)]))
  const headers = [...values].flatMap(([one, value]) =>
    one.in === 'header' ? [[one.name, toText(value)]] : [],
  )
  if (!headers.every(([, text = '']) => /^[\t\x20-\x7e\x80-\xff]*$/.test(text))) return undefined
  const query = [...pairs, ...others].join('&')
  return {
    method,
    target: path.replaceAll(/\{[^}]+\}/g, (name) => segments.get(name) ?? '') + (query && `?${query}`),
    headers: {
      ...Object.fromEntries(headers),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  }
}

function writePairs({ name, explode = true }: ServedParameter, value: unknown): string[] {
  if (!Array.isArray(value)) return [`${name}=${write(value)}`]
  return explode ? value.map((one) => `${name}=${write(one)}`) : [`${name}=${value.map(write).join(',')}`]
}

function write(value: unknown): string {
  return encodeURIComponent(toText(value))
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Writes a call as the arguments of its tool. */
export function writeArguments(
  { tool }: ServedOperation,
  { values, body, more }: Call,
): Record<string, unknown> {
  const given = [...values].map(([{ name }, value]) => [tool.arguments[name] ?? name, value])
  const whole = body === undefined ? [] : [[tool.arguments.body ?? 'body', body]]
  return Object.fromEntries([...more, ...given, ...whole])
}
