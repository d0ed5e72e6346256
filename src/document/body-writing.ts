import { createHash } from 'node:crypto'
import { asRecord, isJsonType, isObject } from './json.ts'
import { findMediaType, isRange, type MediaType } from './media-types.ts'
import type { Operation } from './operations.ts'
import { requireContent, requireUnicode, UnwritableValue, writeForm, writeText } from './parameter-writing.ts'
import { readParameter } from './parameters.ts'
import { writePairs } from './request-writing.ts'
import { readMember, readShape } from './value-shape.ts'

/** A body as it is sent. */
export interface WrittenBody {
  readonly contentType: string
  readonly bytes: string | Buffer
}

/**
 * Writes a checked value in a media type; files are `{ data, filename, contentType }`, their data Base64. Throws an
 * `UnwritableValue` on what a text or a form has no spelling for.
 */
export function writeBody(mediaType: MediaType, value: unknown): WrittenBody {
  const { type, name, kind } = mediaType
  if (kind === 'form') return { contentType: name, bytes: writeFormBody(mediaType, value) }
  if (kind === 'multipart') return writeMultipart(mediaType, value)
  if (kind === 'text')
    return { contentType: isRange(type) ? 'text/plain' : name, bytes: requireUnicode(writeText(value)) }
  if (kind === 'json')
    return { contentType: isRange(type) ? 'application/json' : name, bytes: JSON.stringify(value) }
  const { data, contentType } = asRecord(value)
  const own = typeof contentType === 'string' ? contentType : undefined
  return {
    contentType: isRange(type) ? (own ?? 'application/octet-stream') : name,
    bytes: decodeFile(writeText(data ?? '')),
  }
}

/**
 * Chooses the media type in which an operation's body is written: the first one, or of bytes the one that they are said
 * to be of.
 */
export function chooseMediaType({ body }: Pick<Operation, 'body'>, value: unknown): MediaType | undefined {
  const { content = [] } = body ?? {}
  const [usual] = content
  if (usual?.kind !== 'bytes') return usual
  const { contentType } = asRecord(value)
  return (typeof contentType === 'string' ? findMediaType(content, contentType) : undefined) ?? usual
}

/** Decodes Base64: four characters are three bytes, and one beyond is the rest of a text that was cut (RFC 4648 §4). */
function decodeFile(data: string): Buffer {
  const padding = data.indexOf('=')
  const length = padding < 0 ? data.length : padding
  if (length % 4 === 1) throw new UnwritableValue('must be whole Base64')
  return Buffer.from(data, 'base64')
}

/** Writes each member in the style or the type of its encoding (OpenAPI, Encoding Object), exploded where none is named. */
function writeFormBody({ encoding }: MediaType, value: unknown): string {
  if (!isObject(value)) return writeText(value)
  if (Object.keys(encoding).length === 0 && !Object.values(value).some(isObject)) return writeForm(value)
  return Object.entries(value)
    .flatMap(([name, one]) => {
      const { contentType, ...how } = encoding[name] ?? {}
      const isStyled = how.style !== undefined || how.explode !== undefined
      const isJson = isObject(one) || (Array.isArray(one) && isJsonType(contentType))
      if (isJson && !isStyled) return [new URLSearchParams({ [name]: JSON.stringify(one) }).toString()]
      return writePairs(readParameter({ name, in: 'query', schema: {}, ...how }), one)
    })
    .join('&')
}

/** Writes `multipart/form-data` (RFC 7578). The boundary follows from the parts: equal calls have equal bodies. */
function writeMultipart({ schema, encoding }: MediaType, value: unknown): WrittenBody {
  const shape = readShape(schema)
  const parts = Object.entries(asRecord(value)).flatMap(([name, one]) => {
    if (Array.isArray(one)) requireContent(one)
    const member = readMember(shape, name)
    const { types } = Array.isArray(one) ? member.items() : member
    const mayBeFile = types.size === 0 || types.has('file')
    return (Array.isArray(one) ? one : [one]).map((part) =>
      writePart(name, part, mayBeFile, encoding[name]?.contentType),
    )
  })
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  const boundary = `calgate-${hash.digest('hex').slice(0, 32)}`
  const delimited = parts.flatMap((part) => [Buffer.from(`--${boundary}\r\n`), part, Buffer.from('\r\n')])
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([...delimited, Buffer.from(`--${boundary}--\r\n`)]),
  }
}

function writePart(name: string, value: unknown, mayBeFile: boolean, contentType?: string): Buffer {
  const file = asRecord(value)
  const isFile = mayBeFile && isObject(value) && typeof file.data === 'string'
  const named = `form-data; name="${escapeName(requireUnicode(name))}"`
  // A member may name several types; the first is the one to send where nothing tells which.
  const own = contentType?.split(',')[0]?.trim()
  if (isFile) {
    const filename = escapeName(requireUnicode(writeText(file.filename ?? name)))
    const type = typeof file.contentType === 'string' ? file.contentType : (own ?? 'application/octet-stream')
    if (!/^[\x20-\x7e]*$/.test(type))
      throw new UnwritableValue('must have content types that a header can carry')
    const head = `Content-Disposition: ${named}; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`
    return Buffer.concat([Buffer.from(head), decodeFile(writeText(file.data))])
  }
  const type = own ?? (Array.isArray(value) || isObject(value) ? 'application/json' : undefined)
  const head = type === undefined ? '' : `Content-Type: ${type}\r\n`
  return Buffer.from(`Content-Disposition: ${named}\r\n${head}\r\n${requireUnicode(writeText(value))}`)
}

/** Escapes the three characters that would end the name or the line (HTML, multipart/form-data encoding). */
function escapeName(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}
