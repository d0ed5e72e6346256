import { isUtf8 } from 'node:buffer'
import { type GatewayError, refuseArguments, type Violation } from '../errors/gateway-error.ts'
import { annotationKeywords } from './document-members.ts'
import { listPairs, type Pair, readForm } from './form.ts'
import { isJsonType, parseJson } from './json.ts'
import { dereference } from './json-schema.ts'
import { type MediaType, toBareType } from './media-types.ts'
import { MalformedForm, type Part, readParts } from './multipart.ts'
import { onceFor } from './once.ts'
import { decodeQueryText, isDecodable, readText } from './parameter-reading.ts'
import { readParameter } from './parameters.ts'
import { createQueryReader } from './query-reading.ts'
import { listComposedMembers, mayBePlain, readMember, readShape, type ValueShape } from './value-shape.ts'
import { joinLocation, mostViolations } from './violations.ts'

/**
 * Reads the bytes of a body as the value that its schema describes. Throws `malformed_json`, and `invalid_argument` on a
 * form that has not one reading or a part that is not what it should be.
 */
export function readBody(mediaType: MediaType, bytes: Buffer, contentType: string): unknown {
  const { kind } = mediaType
  if (kind === 'json') return parseJson(bytes)
  if (kind === 'bytes') return { data: '' }
  if (kind === 'text') return readWholeText(mediaType, bytes)
  if (kind === 'form') return readStyledForm(mediaType, readUtf8(bytes))
  try {
    return readMultipart(bytes, contentType, mediaType)
  } catch (error) {
    throw error instanceof MalformedForm ? refuseBody(error.message) : error
  }
}

/**
 * A text in another charset would be checked as something other than what it is. A schema of XML, or of a file, says
 * nothing of the text, as none does, and XML may name its charset itself (RFC 7303 §3.2).
 */
function readWholeText({ schema }: MediaType, bytes: Buffer): string {
  if (isUtf8(bytes) || Object.keys(schema).every((one) => annotationKeywords.has(one)))
    return bytes.toString()
  const { types } = readShape(schema)
  return types.size === 0 || types.has('string') ? readUtf8(bytes) : bytes.toString()
}

function readUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes))
    throw refuseArguments([{ location: 'body', rule: 'encoding', message: 'must be UTF-8' }])
  return bytes.toString()
}

/** Prepares the reading of the members whose encoding names a style. */
const prepareStyled = onceFor(({ schema, encoding }: MediaType) => {
  const parameters = Object.entries(encoding).flatMap(([name, { style, explode }]) => {
    if (style === undefined && explode === undefined) return []
    const [member, ...others] = listComposedMembers(schema, name)
    const described = others.length > 0 ? { anyOf: [member, ...others] } : dereference(member, schema)
    return [
      readParameter({ name, in: 'query', style, explode }, () => ({ ...described, $defs: schema.$defs })),
    ]
  })
  return { names: new Set(parameters.map(({ name }) => name)), read: createQueryReader(parameters, 'body') }
})

/** Reads members whose encoding names a style in that style, the others as every form has them. */
function readStyledForm(mediaType: MediaType, raw: string): Record<string, unknown> {
  // The form goes upstream as it came, where a reader makes characters of its own of other bytes (URL Standard).
  if (!isDecodable(raw)) throw refuseArguments(locateUndecodable(raw))
  const { schema, encoding } = mediaType
  const shape = readShape(schema)
  const { names, read } = prepareStyled(mediaType)
  const isStyled = (pair: string) => {
    const [name = ''] = names.size === 0 ? [] : decodeQueryText(pair.replace(/=.*$/s, '')).split('[')
    return names.has(name)
  }
  const all = raw.split('&')
  const { values, violations } = read(all.filter(isStyled).join('&'))
  if (violations.length > 0) throw refuseArguments(violations)
  // A list in JSON is one text that the API reads whole.
  const isJson = ([name]: Pair) => isJsonType(encoding[name]?.contentType)
  const pairs = listPairs(all.filter((pair) => !isStyled(pair)).join('&'))
  const kept = readForm(
    pairs.filter((pair) => !isJson(pair)),
    shape,
    'kept',
  )
  return { ...kept, ...readForm(pairs.filter(isJson), shape), ...values }
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

function readMultipart(bytes: Buffer, contentType: string, mediaType: MediaType): Record<string, unknown> {
  const shape = readShape(mediaType.schema)
  const members: [string, unknown][] = []
  for (const [name, parts] of Map.groupBy(readParts(bytes, contentType), ({ name }) => name)) {
    const member = readMember(shape, name)
    const isList = member.types.has('array') && (parts.length > 1 || !mayBePlain(member))
    const part = describePart(mediaType, name, isList ? member.items() : member)
    const values = parts.map((one) => readPart(one, part))
    members.push([name, isList || values.length > 1 ? values : values[0]])
  }
  return Object.fromEntries(members)
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
function readPart(part: Part, { name, shape, isJson }: DescribedPart): unknown {
  const { types } = shape
  const { filename, contentType } = part
  const mayBeFile = types.has('file')
  if (filename === undefined && mayBeFile && types.size === 1)
    throw refusePart(name, 'must be a file: give its part a filename')
  if (isJson || (!mayBeFile && isJsonType(contentType))) return readJsonPart(requireText(part), name)
  if (filename === undefined || (!mayBeFile && types.size > 0))
    return readText(requireText(part).toString(), shape, 'kept')
  // The bytes go upstream as they came, unchecked.
  return { data: '', filename, contentType: toBareType(contentType) }
}

function requireText({ name, bytes, isText }: Part): Buffer {
  if (!isText) throw refusePart(name, 'must be one text in UTF-8, without a transfer encoding')
  return bytes
}

function readJsonPart(bytes: Buffer, name: string): unknown {
  try {
    return parseJson(bytes)
  } catch {
    throw refusePart(name, 'must be one JSON text, without repeated keys and a key "__proto__"')
  }
}

function refusePart(name: string, message: string): GatewayError {
  return refuseBody(message, joinLocation('body', name))
}

function refuseBody(message: string, location = 'body'): GatewayError {
  return refuseArguments([{ location, rule: 'body', message }])
}
