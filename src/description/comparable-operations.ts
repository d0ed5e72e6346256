import { namedMembers } from '../document/document-members.ts'
import { asRecord, isObject } from '../document/json.ts'
import type { Direction } from '../document/schema-reader.ts'
import { isData, toComparableSchema, toText } from './comparable-schemas.ts'

type Part = Readonly<Record<string, unknown>>

/** Members that hold things by names, none of which is a keyword. */
const named = new Set([...namedMembers, 'content', 'variables', 'mapping'])

/** Writes an operation so that what says the same is written in one way. */
export function toComparableOperation({ responses, ...request }: Part): Part {
  return {
    ...asRecord(toComparablePart(request)),
    ...(responses !== undefined && { responses: toComparablePart(responses, 'response', 'responses') }),
  }
}

/** Writes a part of a document so: its schemas, the defaults of parameters, and the addresses of servers. */
export function toComparablePart(part: unknown, direction: Direction = 'request', name = ''): unknown {
  if (name === 'schema' || name === 'itemSchema') return toComparableSchema(part, direction)
  if (isData(name)) return toText(part)
  if (Array.isArray(part)) return part.map((one) => writeElement(toComparablePart(one, direction), name))
  if (!isObject(part)) return part
  const isNamed = named.has(name)
  const hasCase = name !== 'content' && name !== 'headers'
  const entries = Object.entries(part).map(([key, one]): [string, unknown] => {
    const written = toComparablePart(one, direction, isNamed ? '' : key)
    return hasCase ? [key, written] : [key.toLowerCase(), addSchema(written)]
  })
  return Object.fromEntries(entries)
}

/** Adds the schema of any value to what has none: where one is added or removed, its keywords are compared. */
function addSchema(part: unknown): unknown {
  return isObject(part) && part.content === undefined && part.$ref === undefined
    ? { schema: {}, ...part }
    : part
}

/** Adds to a request body each media type of another one that a range of its own stands for. */
export function coverMediaTypes(operation: unknown, old: unknown): unknown {
  const { requestBody } = asRecord(operation)
  const content = asRecord(asRecord(requestBody).content)
  const covered = Object.keys(asRecord(asRecord(asRecord(old).requestBody).content)).flatMap((type) => {
    const part = content[`${type.split('/')[0]}/*`] ?? content['*/*']
    return part === undefined || content[type] !== undefined ? [] : [[type, part] as const]
  })
  if (covered.length === 0) return operation
  const all = { ...content, ...Object.fromEntries(covered) }
  return { ...asRecord(operation), requestBody: { ...asRecord(requestBody), content: all } }
}

function writeElement(element: unknown, list: string): unknown {
  if (!isObject(element)) return element
  if (list === 'servers') return { ...element, url: String(element.url).replace(/(?<=.)\/+$/, '') }
  if (list !== 'parameters' || element.content !== undefined || element.$ref !== undefined) return element
  const { style = element.in === 'query' || element.in === 'cookie' ? 'form' : 'simple' } = element
  const defaults = { required: false, allowReserved: false, allowEmptyValue: false }
  return { ...defaults, explode: style === 'form', schema: {}, ...element, style }
}
