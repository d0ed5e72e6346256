import { isUtf8 } from 'node:buffer'
import { GatewayError, type Violation } from '../errors/gateway-error.ts'
import { listPairs, readForm } from './form.ts'
import { isJsonType, parseJson } from './json.ts'
import { dereference } from './json-schema.ts'
import type { MediaType } from './media-types.ts'
import { decodeQueryText, isDecodable, readText } from './parameter-reading.ts'
import { readParameter } from './parameters.ts'
import { createQueryReader } from './query-reading.ts'
import { listComposedMembers, mayBePlain, readMember, readShape, type ValueShape } from './value-shape.ts'
import { joinLocation, mostViolations } from './violations.ts'

/** A file as it is checked; its bytes go upstream as they came. */
interface CheckedFile {
  readonly data: ''
  readonly filename: string
  readonly contentType?: string
}

/**
 * Reads the bytes of a body as the value that its schema describes. Throws `malformed_json`; rejects with
 * `invalid_argument` on a part that is not what it should be, with a `TypeError` on a form that is none.
 */
export function readBody(mediaType: MediaType, bytes: Buffer, contentType: string): unknown {
  const { kind } = mediaType
  if (kind === 'json') return parseJson(bytes)
  if (kind === 'bytes') return { data: '' }
  if (kind === 'text') return readWholeText(mediaType, bytes)
  if (kind === 'form') return readStyledForm(mediaType, readUtf8(bytes))
  return readMultipart(bytes, contentType, mediaType)
}

/**
 * A text in another charset would be checked as something other than what it is. A schema of XML, or of a file, says
 * nothing of the text, and XML may name its charset itself (RFC 7303 §3.2).
 */
function readWholeText({ schema }: MediaType, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  const { types } = readShape(schema)
  return types.size === 0 || types.has('string') ? readUtf8(bytes) : bytes.toString()
}

function readUtf8(bytes: Buffer, location = 'body'): string {
  if (!isUtf8(bytes)) throw refuse([{ location, rule: 'encoding', message: 'must be UTF-8' }])
  return bytes.toString()
}

/** Reads members whose encoding names a style in that style, the others as every form has them. */
function readStyledForm({ schema, encoding }: MediaType, raw: string): Record<string, unknown> {
  // The form goes upstream as it came, where a reader makes characters of its own of other bytes (URL Standard).
  if (!isDecodable(raw)) throw refuse(locateUndecodable(raw))
  const shape = readShape(schema)
  const parameters = Object.entries(encoding).flatMap(([name, { style, explode }]) => {
    if (style === undefined && explode === undefined) return []
    const [member, ...others] = listComposedMembers(schema, name)
    const described = others.length > 0 ? { anyOf: [member, ...others] } : dereference(member, schema)
    return [
      readParameter({ name, in: 'query', style, explode }, () => ({ ...described, $defs: schema.$defs })),
    ]
  })
  const isStyled = (pair: string) => {
    const [name = ''] = decodeQueryText(pair.replace(/=.*$/s, '')).split('[')
    return parameters.some((one) => one.name === name)
  }
  const [styled = [], others = []] = [true, false].map((one) =>
    raw.split('&').filter((pair) => isStyled(pair) === one),
  )
  const { values, violations } = createQueryReader(parameters, 'body')(styled.join('&'))
  if (violations.length > 0) throw refuse(violations)
  return { ...readForm(listPairs(others.join('&')), shape, 'kept'), ...values }
}

/** A separator ends each percent-encoded character: one that is broken is within one pair. */
function locateUndecodable(raw: string): Violation[] {
  const pairs = raw.split('&').filter((pair) => !isDecodable(pair))
  const names = new Set(pairs.map((pair) => decodeQueryText(pair.replace(/=.*$/s, ''))))
  return [...names].slice(0, mostViolations).map((name) => ({
    location: joinLocation('body', name),
    rule: 'encoding',
    message: 'must be percent-encoded UTF-8',
  }))
}

/** Parts of a multipart form at most: each takes a hundred times as long to read as its bytes. */
const mostParts = 2_000

/** Reads a form (RFC 7578); Node's own reader takes the whole body. */
async function readMultipart(
  bytes: Buffer,
  contentType: string,
  mediaType: MediaType,
): Promise<Record<string, unknown>> {
  const [, boundary = ''] = /;\s*boundary="?([^";]+)/i.exec(contentType) ?? []
  if (countParts(bytes, `--${boundary}`) > mostParts) throw refuseBody(`must have at most ${mostParts} parts`)
  const response = new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } })
  const form = await response.formData()
  const shape = readShape(mediaType.schema)
  const members: [string, unknown][] = []
  for (const [name, parts] of Map.groupBy(form, ([one]) => one)) {
    const member = readMember(shape, name)
    const isList = member.types.has('array') && (parts.length > 1 || !mayBePlain(member))
    const part = describePart(mediaType, name, isList ? member.items() : member)
    const values = await Promise.all(parts.map(([, one]) => readPart(one, part)))
    members.push([name, isList || values.length > 1 ? values : values[0]])
  }
  return Object.fromEntries(members)
}

/** Counts no further than one more than there may be; the last delimiter begins no part. */
function countParts(bytes: Buffer, delimiter: string): number {
  let count = -1
  for (
    let at = bytes.indexOf(delimiter);
    at >= 0 && count <= mostParts;
    at = bytes.indexOf(delimiter, at + 1)
  )
    count += 1
  return count
}

/** A part as the document describes it. */
interface DescribedPart {
  readonly name: string
  readonly shape: ValueShape
  readonly isJson: boolean
}

/** An object is JSON where nothing else is said (OpenAPI, Encoding Object). */
function describePart({ encoding }: MediaType, name: string, shape: ValueShape): DescribedPart {
  const { types } = shape
  const isObject = types.has('object') && !types.has('string')
  const isJson = !types.has('file') && (isObject || isJsonType(encoding[name]?.contentType))
  return { name, shape, isJson }
}

/** The bytes of a file are not looked into; JSON and texts are read the same, whether their part has a file name or not. */
async function readPart(part: File | string, { name, shape, isJson }: DescribedPart): Promise<unknown> {
  const { types } = shape
  const mayBeFile = types.has('file')
  if (typeof part === 'string') {
    if (mayBeFile && types.size === 1) throw refusePart(name, 'must be a file: give its part a filename')
    return isJson ? readJsonPart(part, name) : readText(part, shape, 'kept')
  }
  if (isJson || (!mayBeFile && isJsonType(part.type))) return readJsonPart(await part.text(), name)
  if (!mayBeFile && types.size > 0) return readText(await part.text(), shape, 'kept')
  const file: CheckedFile = {
    data: '',
    filename: part.name,
    ...(part.type !== '' && { contentType: part.type.replace(/;.*$/s, '') }),
  }
  return file
}

function readJsonPart(text: string, name: string): unknown {
  try {
    return parseJson(Buffer.from(text))
  } catch {
    throw refusePart(name, 'must be one JSON text, without repeated keys and a key "__proto__"')
  }
}

function refusePart(name: string, message: string): GatewayError {
  return refuseBody(message, joinLocation('body', name))
}

function refuseBody(message: string, location = 'body'): GatewayError {
  return refuse([{ location, rule: 'body', message }])
}

function refuse(violations: readonly Violation[]): GatewayError {
  const detail = violations.map(({ location, message }) => `${location} ${message}`).join('; ')
  return new GatewayError('invalid_argument', { detail, violations })
}
