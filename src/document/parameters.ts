import { readExtensions } from './extensions.ts'
import { asRecord, asText } from './json.ts'
import type { JsonSchema } from './json-schema.ts'
import { listPathVariables, splitPathKey } from './path-template.ts'
import { type SchemaReader, toJsonSchema } from './schema-reader.ts'

/** Where a parameter stands in a request; `querystring` is the query as a whole (OpenAPI 3.2). */
export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie' | 'querystring'

/** How the value of a parameter is written (OpenAPI, Style Values; `cookie` since 3.2). */
export type ParameterStyle =
  | 'simple'
  | 'label'
  | 'matrix'
  | 'form'
  | 'spaceDelimited'
  | 'pipeDelimited'
  | 'deepObject'
  | 'cookie'

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string
  readonly in: ParameterPlace
  readonly required: boolean
  readonly description: string
  readonly isDeprecated?: boolean
  /** What the value must satisfy once read from its text. */
  readonly schema: JsonSchema
  /** True for the credential of a security scheme: no call needs it that gets one elsewhere. */
  readonly isCredential?: boolean
  /** Header that the value is sent upstream in too, as the API asks whose call it is (`x-upstream-header`). */
  readonly upstreamHeader?: string
  /** True where the value names the call for the gateway itself, and is not sent upstream (`x-idempotency-key`). */
  readonly isIdempotencyKey?: boolean
  /** There where the operator can pin the parameter to one value (`x-pin`). */
  readonly pin?: Pin
  readonly style: ParameterStyle
  /** Whether each element or member is written on its own. */
  readonly explode: boolean
  /** Whether reserved characters stay as they are in a query. */
  readonly allowReserved?: boolean
  /** Media type that the value is written in, for a parameter with `content` instead of a style. */
  readonly mediaType?: string
}

/** How a parameter is pinned. */
export interface Pin {
  /** Name of the security scheme whose credential belongs to the pinned value. */
  readonly credential?: string
}

/** The styles of each place; the first is the default. */
export const styles: Readonly<Record<ParameterPlace, readonly ParameterStyle[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form', 'cookie'],
  querystring: ['form'],
}

/**
 * Headers of one message and its connection (RFC 9110 §7.2, §7.6.1, §8.4, §8.6, §10.1.1, §11.7.2, §12.5.3): each server
 * writes its own, and no body travels in a coding.
 */
const framingHeaders = new Set([
  ...['accept-encoding', 'content-encoding', 'proxy-authorization'],
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'proxy-connection', 'keep-alive'],
  ...['te', 'trailer', 'upgrade', 'expect'],
])

/** Returns whether a header is one that no parameter can set, since the request as it is sent decides it. */
export function isFramingHeader({
  name,
  in: place,
}: {
  readonly name: string
  readonly in: string
}): boolean {
  return place === 'header' && framingHeaders.has(name.toLowerCase())
}

/** Returns what tells a parameter from all others: its place and name, of which a header's has no case (RFC 9110 §5.1). */
export function identifyParameter({
  in: place,
  name,
}: {
  readonly in?: unknown
  readonly name?: unknown
}): string {
  return `${place} ${place === 'header' ? String(name).toLowerCase() : name}`
}

/**
 * Reads a Parameter Object without references; a style that its place does not have is the default one. Throws a
 * `TypeError` on a place that is not known.
 */
export function readParameter(part: unknown, read: SchemaReader = toJsonSchema): Parameter {
  const {
    name,
    in: place,
    required,
    deprecated,
    description,
    schema,
    content,
    style,
    explode,
    allowReserved,
  } = asRecord(part)
  if (typeof name !== 'string' || !isPlace(place))
    throw new TypeError(`the parameter ${name} is in ${place}; ${Object.keys(styles).join(', ')} are known`)
  const extensions = readExtensions('parameter', part, `the parameter ${name}`)
  const { 'x-upstream-header': upstreamHeader, 'x-pin': pin } = extensions
  const [mediaType, described] = Object.entries(asRecord(content))[0] ?? []
  const [usual = 'simple', ...others] = styles[place]
  const own = others.find((one) => one === style) ?? usual
  let found: JsonSchema | undefined
  return {
    name,
    in: place,
    // A path without one of its values is another path.
    required: required === true || place === 'path',
    description: asText(description),
    ...(deprecated === true && { isDeprecated: true }),
    get schema() {
      found ??= read(mediaType === undefined ? schema : asRecord(described).schema)
      return found
    },
    style: own,
    explode:
      typeof explode === 'boolean' ? explode : own === 'form' || own === 'cookie' || own === 'deepObject',
    ...(allowReserved === true && { allowReserved }),
    ...(mediaType !== undefined && { mediaType }),
    ...(upstreamHeader !== undefined && { upstreamHeader: upstreamHeader.toLowerCase() }),
    ...(extensions['x-idempotency-key'] && { isIdempotencyKey: true }),
    ...(pin && { pin }),
  }
}

/** Returns whether a parameter can stand somewhere. */
export function isPlace(place: unknown): place is ParameterPlace {
  return typeof place === 'string' && Object.hasOwn(styles, place)
}

/**
 * Returns the place of a call's values that a parameter belongs to: no operation has both `query` and `querystring`.
 */
export function findPosition({ in: place }: Pick<Parameter, 'in'>): Exclude<ParameterPlace, 'querystring'> {
  return place === 'querystring' ? 'query' : place
}

/** Lists the texts that a parameter can have; undefined where they are not counted, or there is no parameter. */
export function listTexts(parameter: Parameter | undefined): readonly string[] | undefined {
  const texts = parameter?.schema.enum
  return Array.isArray(texts) ? texts.map(String) : undefined
}

/**
 * Reads the parameters of an operation and those of its path, which the operation's own replace (OpenAPI, Path Item
 * Object). A variable of the path that nobody describes is a text; a path parameter without a variable is none, and
 * neither is a header of the message itself.
 */
export function readParameters(
  path: string,
  own: readonly unknown[],
  shared: readonly unknown[],
  read: SchemaReader,
): Parameter[] {
  const all = new Map<string, Parameter>()
  for (const part of [...shared, ...own]) {
    const parameter = readParameter(part, read)
    all.set(identifyParameter(parameter), parameter)
  }
  const variables = new Set(listPathVariables(splitPathKey(path).path))
  const described = [...all.values()].filter(
    (one) => (one.in !== 'path' || variables.has(one.name)) && !isFramingHeader(one),
  )
  const missing = [...variables].filter((name) => !all.has(`path ${name}`))
  return [
    ...described,
    ...missing.map((name) => readParameter({ name, in: 'path', schema: { type: 'string' } })),
  ]
}
