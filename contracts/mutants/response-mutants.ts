import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { isObject } from '../../src/document/json.ts'
import { splitPointer } from '../../src/document/json-pointer.ts'
import { type DocumentedResponse, listDocumentedResponses } from '../rest/documented-responses.ts'
import type { JsonObject } from '../rest/json-schema.ts'
import { isList } from '../values.ts'
import { listPointers, type Mutant, readPointer, replaceAt } from './mutant.ts'
import type { WireResponse } from './mutating-proxy.ts'

/** A response of the upstream, spoiled in one place. */
export interface ResponseMutant extends Mutant {
  readonly status: number
  /** Name of the documented example that is spoiled, empty for a lone one. */
  readonly example: string
  /** Spoils the response with the example's members; leaves any other as it is. */
  spoil(response: WireResponse): WireResponse
}

interface Change {
  readonly what: string
  readonly status?: number
  readonly type?: string
  readonly body?: unknown
}

/**
 * Lists the mutants of every response the upstream can give: each member dropped, renamed, of another type, null,
 * a member too many in each object, another status, another content type. One example stands for all of a status
 * that have the same members.
 */
export function listResponseMutants(document: JsonObject): ResponseMutant[] {
  const ajv = new Ajv({ strict: false })
  formats.default(ajv)
  const upstream = listDocumentedResponses(document).filter(
    ({ mediaType }) => mediaType === 'application/json',
  )
  return upstream.flatMap((response) => {
    const validate = ajv.compile(response.schema)
    return pickExamples(response).flatMap(([example, body]) =>
      [...listMemberChanges(body), ...listWireChanges(response)].map((change) => ({
        class: 'responses' as const,
        name: `${response.method} ${response.path} ${response.status}${example && ` ${example}`}: ${change.what}`,
        operations: [`${response.method} ${response.path}`],
        status: response.status,
        example,
        allowed: change.status === undefined && change.type === undefined && validate(change.body),
        spoil: (received: WireResponse) => apply(change, received),
      })),
    )
  })
}

function pickExamples({ examples }: DocumentedResponse): [string, unknown][] {
  const seen = new Set<string>()
  return [...examples].filter(([, body]) => {
    const shape = listPointers(body).join(' ')
    return !seen.has(shape) && seen.add(shape)
  })
}

function* listMemberChanges(body: unknown): Generator<Change> {
  for (const pointer of listPointers(body)) {
    const value = readPointer(body, pointer)
    if (pointer !== '') yield* listValueChanges(body, pointer, value)
    if (isObject(value))
      yield { what: `${pointer || '/'} gains a member`, body: replaceAt(body, `${pointer}/surplus`, 'more') }
  }
}

function* listValueChanges(body: unknown, pointer: string, value: unknown): Generator<Change> {
  const parent = pointer.slice(0, pointer.lastIndexOf('/'))
  const change = (what: string, replacement: unknown) => ({
    what: `${pointer} ${what}`,
    body: replaceAt(body, pointer, replacement),
  })
  if (!isList(readPointer(body, parent))) {
    const gone = replaceAt(body, pointer, undefined)
    yield { what: `${pointer} dropped`, body: gone }
    yield {
      what: `${pointer} renamed`,
      body: replaceAt(gone, `${parent}/${splitPointer(pointer).at(-1)}X`, value),
    }
  }
  yield change('retyped', retype(value))
  if (value !== null) yield change('null', null)
}

/** Returns a value that is of no type the original could be of. */
function retype(value: unknown): unknown {
  if (isList(value)) return { first: value[0] ?? null }
  if (typeof value === 'object' && value !== null) return [value]
  return typeof value === 'string' ? 7 : { was: typeof value }
}

function listWireChanges({ status }: DocumentedResponse): Change[] {
  const others =
    status < 300 ? [status === 200 ? 201 : 200, 202, 500] : [status === 400 ? 422 : 400, 200, 503]
  return [
    ...others.map((other) => ({ what: `status ${other}`, status: other })),
    { what: 'type text/html', type: 'text/html' },
    { what: 'type missing', type: '' },
  ]
}

function apply({ status, type, body }: Change, received: WireResponse): WireResponse {
  const { 'content-type': known, ...rest } = received.headers
  const kept = type === undefined ? known : type
  return {
    status: status ?? received.status,
    headers: kept ? { ...rest, 'content-type': kept } : rest,
    text: body === undefined ? received.text : JSON.stringify(body),
  }
}
