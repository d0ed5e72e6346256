import { listPairs, readForm } from './form.ts'
import { parseJson } from './json.ts'
import type { MediaType } from './media-types.ts'
import { readText } from './parameter-reading.ts'
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
export function readBody({ kind, schema }: MediaType, bytes: Buffer, contentType: string): unknown {
  if (kind === 'json') return parseJson(bytes)
  if (kind === 'text') return bytes.toString('utf8')
  if (kind === 'bytes') return { data: '' }
  if (kind === 'form') return readForm(listPairs(bytes.toString('latin1')), readShape(schema))
  return readMultipart(bytes, contentType, readShape(schema))
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
  if (typeof part === 'string') return readText(part, shape)
  const file: CheckedFile = {
    data: '',
    filename: part.name,
    ...(part.type !== '' && { contentType: part.type.replace(/;.*$/s, '') }),
  }
  return file
}
