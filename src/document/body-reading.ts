import { listPairs, readForm } from './form.ts'
import { asRecord, parseJson, readOwn } from './json.ts'
import { dereference } from './json-schema.ts'
import type { MediaType } from './media-types.ts'
import { decodeQueryText, readText } from './parameter-reading.ts'
import { readParameter } from './parameters.ts'
import { createQueryReader } from './query-reading.ts'
import { readMember, readShape, type ValueShape } from './value-shape.ts'

/** A file as it is checked; its bytes go upstream as they came. */
interface CheckedFile {
  readonly data: ''
  readonly filename: string
  readonly contentType?: string
}

/**
 * Reads the bytes of a body as the value that its schema describes. Throws `malformed_json`; rejects with a
 * `TypeError` on a form that is none.
 */
export function readBody(mediaType: MediaType, bytes: Buffer, contentType: string): unknown {
  const { kind, schema } = mediaType
  if (kind === 'json') return parseJson(bytes)
  if (kind === 'text') return bytes.toString('utf8')
  if (kind === 'bytes') return { data: '' }
  if (kind === 'form') return readStyledForm(mediaType, bytes.toString('latin1'))
  return readMultipart(bytes, contentType, readShape(schema))
}

/** Reads members whose encoding names a style in that style, the others as every form has them. */
function readStyledForm({ schema, encoding }: MediaType, raw: string): Record<string, unknown> {
  const shape = readShape(schema)
  const parameters = Object.entries(encoding).flatMap(([name, { style, explode }]) => {
    if (style === undefined && explode === undefined) return []
    const member = asRecord(readOwn(dereference(schema, schema).properties, name))
    const read = () => ({ ...dereference(member, schema), $defs: schema.$defs })
    return [readParameter({ name, in: 'query', style, explode }, read)]
  })
  const isStyled = (pair: string) => {
    const [name = ''] = decodeQueryText(pair.replace(/=.*$/s, '')).split('[')
    return parameters.some((one) => one.name === name)
  }
  const [styled = [], others = []] = [true, false].map((one) =>
    raw.split('&').filter((pair) => isStyled(pair) === one),
  )
  const { values, violations } = createQueryReader(parameters)(styled.join('&'))
  // What stands more than once is a list, which the schema refuses.
  if (violations.length > 0) return readForm(listPairs(raw), shape, 'kept')
  return { ...readForm(listPairs(others.join('&')), shape, 'kept'), ...values }
}

/** Node's own reader of forms (RFC 7578) takes the whole body. */
async function readMultipart(
  bytes: Buffer,
  contentType: string,
  shape: ValueShape,
): Promise<Record<string, unknown>> {
  const response = new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } })
  const form = await response.formData()
  const members = [...new Set(form.keys())].map((name): [string, unknown] => {
    const member = readMember(shape, name)
    const all = form.getAll(name)
    const isList = member.types.has('array')
    const values = all.map((part) => readPart(part, isList ? member.items() : member))
    return [name, isList || values.length > 1 ? values : values[0]]
  })
  return Object.fromEntries(members)
}

function readPart(part: File | string, shape: ValueShape): unknown {
  if (typeof part === 'string') return readText(part, shape, 'kept')
  const file: CheckedFile = {
    data: '',
    filename: part.name,
    ...(part.type !== '' && { contentType: part.type.replace(/;.*$/s, '') }),
  }
  return file
}
