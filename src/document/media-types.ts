import { asRecord, asText, isJsonType } from './json.ts'
import type { JsonSchema } from './json-schema.ts'
import { once, onceFor } from './once.ts'
import type { SchemaReader } from './schema-reader.ts'

/** How a body is read and written. */
export type BodyKind = 'json' | 'form' | 'multipart' | 'text' | 'bytes'

/** One way to write a body (OpenAPI, Media Type Object). */
export interface MediaType {
  /** Without parameters, in lower case; may be a range such as `image/*`. */
  readonly type: string
  /** As it is sent: with the parameters that the document gives it, but those that each message has its own of. */
  readonly name: string
  readonly kind: BodyKind
  readonly schema: JsonSchema
  /** What each item of a stream is (`itemSchema`). */
  readonly itemSchema?: JsonSchema | undefined
  /** How the members of a form are written, where that is not as usual. */
  readonly encoding: Readonly<Record<string, PartEncoding>>
}

/** How one member of a form is written (OpenAPI, Encoding Object). */
export interface PartEncoding {
  readonly contentType?: string
  readonly style?: string
  readonly explode?: boolean
}

/** The body of a request (OpenAPI, Request Body Object). */
export interface RequestBody {
  readonly required: boolean
  readonly description: string
  /** What the body is in MCP, where nobody chooses: the first media type, JSON before any other. */
  readonly schema: JsonSchema
  readonly content: readonly MediaType[]
}

/** Reads a Request Body Object without references; undefined where it describes no media type. */
export function readRequestBody(part: unknown, read: SchemaReader): RequestBody | undefined {
  const { required, description } = asRecord(part)
  const content = readContentTypes(part, read)
  const [first] = content
  if (!first) return undefined
  return {
    required: required === true,
    description: asText(description),
    get schema() {
      return first.schema
    },
    content,
  }
}

/** Reads the media types of a Request Body or Response Object, JSON first; schemas are read when they are asked for. */
export function readContentTypes(part: unknown, read: SchemaReader): MediaType[] {
  const all = Object.entries(asRecord(asRecord(part).content)).map(([name, one]): MediaType => {
    const [type = '', ...parameters] = splitType(name)
    const { schema, itemSchema, encoding } = asRecord(one)
    const readWhole = once(() => read(schema))
    const readItem = once(() => (itemSchema === undefined ? undefined : read(itemSchema)))
    return {
      type,
      name: [type, ...parameters].join('; '),
      kind: findKind(type),
      get schema() {
        return readWhole()
      },
      get itemSchema() {
        return readItem()
      },
      encoding: Object.fromEntries(
        Object.entries(asRecord(encoding)).map(([member, how]) => [member, readEncoding(how)]),
      ),
    }
  })
  return [...all.filter(({ kind }) => kind === 'json'), ...all.filter(({ kind }) => kind !== 'json')]
}

/**
 * Splits a media type: the type in lower case, and its parameters but the charset and the boundary (RFC 9110 §8.3.1).
 */
function splitType(text: string): string[] {
  // Texts in quotes may have semicolons (RFC 9110 §5.6.4).
  const parts = text.match(/(?:[^;"]|"(?:\\.|[^"\\])*"?)+/g) ?? []
  const [type = '', ...parameters] = parts.map((one) => one.trim())
  return [type.toLowerCase(), ...parameters.filter((one) => !/^(?:charset\s*=|boundary\s*=|$)/i.test(one))]
}

/** Names of parameters have no case and no order; a value is the same in quotes. */
function toComparable(text: string): string {
  const [type, ...parameters] = splitType(text).map((one) => one.replaceAll('"', '').toLowerCase())
  return [type, ...parameters.sort()].join(';')
}

function readEncoding(part: unknown): PartEncoding {
  const { contentType, style, explode } = asRecord(part)
  return {
    ...(typeof contentType === 'string' && { contentType }),
    ...(typeof style === 'string' && { style }),
    ...(typeof explode === 'boolean' && { explode }),
  }
}

/** Returns whether a media type stands for several, as `image/*` does. */
export function isRange(type: string): boolean {
  return type.includes('*')
}

function findKind(type: string): BodyKind {
  if (isJsonType(type) || type === '*/*' || type === 'application/*') return 'json'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  if (type === 'multipart/form-data') return 'multipart'
  return isTextType(type) ? 'text' : 'bytes'
}

/** Returns whether a media type is `text/*` or a text by another name, JSON included. */
export function isTextType(mediaType: string): boolean {
  const type = toBareType(mediaType)
  return isJsonType(type) || /^text\/|^application\/(?:.*\+)?(?:xml|yaml|graphql|javascript)$/.test(type)
}

/** Returns a media type without its parameters, in lower case. */
export function toBareType(mediaType: string): string {
  return mediaType.replace(/;.*$/s, '').trim().toLowerCase()
}

/**
 * Finds the media type that a `Content-Type` is of, ranges last; undefined where there is none such. Of several with
 * one type, it is the one with the same parameters, or the first. What a range stands for is read and written as its
 * own type says.
 */
export function findMediaType(content: readonly MediaType[], contentType: string): MediaType | undefined {
  const type = toBareType(contentType)
  const [family = ''] = type.split('/')
  const ranges = [type, `${family}/*+${type.split('+').at(-1)}`, `${family}/*`, '*/*']
  const find = (range: string) => {
    const [first, ...others] = content.filter((one) => one.type === range)
    if (others.length === 0) return first
    const wanted = toComparable(contentType)
    return [first, ...others].find((one) => one && toComparable(one.name) === wanted) ?? first
  }
  const found = ranges.map(find).find(Boolean)
  return found && type !== '' ? narrow(found, findKind(type)) : found
}

const narrowedOf = onceFor((_: MediaType) => new Map<BodyKind, MediaType>())

/** The same media type always becomes the same one, since validators are kept by it. */
function narrow(range: MediaType, kind: BodyKind): MediaType {
  if (range.kind === kind) return range
  const known = narrowedOf(range)
  const own = known.get(kind) ?? { ...range, kind }
  known.set(kind, own)
  return own
}
