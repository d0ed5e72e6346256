import { isDeepStrictEqual } from 'node:util'
import type { CallBody, ExpectedRequest } from './call.ts'
import { asPart } from './schema.ts'
import { canonize, normalizePath, readArrived, toText } from './spelling.ts'

/** A request as it arrived at the recorder. */
export interface ArrivedRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

/** A part of a request that did not arrive as it is meant. */
export interface Difference {
  readonly part: 'method' | 'path' | 'query' | 'headers' | 'cookies' | 'content type' | 'body'
  readonly expected: unknown
  readonly arrived: unknown
}

/** Headers of every request, whatever the operation. */
const common = new Set([
  ...['host', 'connection', 'accept', 'accept-encoding', 'user-agent', 'content-length', 'transfer-encoding'],
  ...['content-type', 'cookie', 'traceparent', 'keep-alive'],
])

/** Finds the first part of a request that differs from what is expected; bytes of a body are compared where they are given. */
export async function findDifference(
  expected: ExpectedRequest,
  { method, target, headers, body }: ArrivedRequest,
  isVerbatim: boolean,
): Promise<Difference | undefined> {
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  const differ = (part: Difference['part'], wanted: unknown, found: unknown) =>
    isDeepStrictEqual(wanted, found) ? undefined : { part, expected: wanted, arrived: found }
  const own = Object.entries(headers).filter(
    ([name]) => !common.has(name) || expected.headers[name] !== undefined,
  )
  const cookies = String(headers.cookie ?? '')
    .split('; ')
    .filter(Boolean)
    .sort()
  return (
    differ('method', expected.method, method) ??
    differ('path', expected.path, normalizePath(path)) ??
    differ('query', canonize(expected.query), canonize(readArrived(query, expected.query))) ??
    differ('headers', expected.headers, Object.fromEntries(own)) ??
    differ('cookies', expected.cookies, cookies) ??
    (await compareBody(expected.body, String(headers['content-type'] ?? ''), body, isVerbatim))
  )
}

async function compareBody(
  expected: CallBody | undefined,
  contentType: string,
  bytes: Buffer,
  isVerbatim: boolean,
): Promise<Difference | undefined> {
  if (!expected)
    return bytes.length === 0 ? undefined : { part: 'body', expected: '', arrived: bytes.toString() }
  const type = contentType.replace(/;.*$/s, '').trim().toLowerCase()
  if (type !== expected.type) return { part: 'content type', expected: expected.type, arrived: type }
  const differ = (wanted: unknown, found: unknown): Difference | undefined =>
    isDeepStrictEqual(wanted, found) ? undefined : { part: 'body', expected: wanted, arrived: found }
  if (isVerbatim) return differ(expected.bytes.toString('latin1'), bytes.toString('latin1'))
  if (expected.pairs)
    return differ(canonize(expected.pairs), canonize(readArrived(bytes.toString(), expected.pairs)))
  if (type === 'multipart/form-data')
    return differ(await readParts(expected.bytes, expected.contentType), await readParts(bytes, contentType))
  if (/json$/.test(type)) return differ(expected.value, parse(bytes.toString()))
  const { data } = asPart(expected.value)
  const wanted = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(toText(expected.value))
  return differ(wanted.toString('latin1'), bytes.toString('latin1'))
}

/** Parses a JSON text; gives back one that is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Reads a multipart form as its parts: texts, and files with their names, types and bytes. */
async function readParts(bytes: Buffer, contentType: string): Promise<unknown> {
  try {
    const form = await new Response(new Uint8Array(bytes), {
      headers: { 'content-type': contentType },
    }).formData()
    return await Promise.all(
      [...form].map(async ([name, part]) =>
        typeof part === 'string'
          ? [name, part]
          : [name, part.name, part.type, Buffer.from(await part.arrayBuffer()).toString('base64')],
      ),
    )
  } catch (error) {
    return `no form: ${error}`
  }
}
