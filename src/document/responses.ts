import { type OpenApiDocument, resolveReference } from './document.ts'
import { asRecord, listMembers, readOwn } from './json.ts'
import type { JsonSchema } from './json-schema.ts'
import { type MediaType, readContentTypes } from './media-types.ts'
import { once } from './once.ts'
import { createSchemaReader, type SchemaReader } from './schema-reader.ts'

/** A response that the document describes. */
export interface DescribedResponse {
  /** A status, a range such as `2XX`, or `default`. */
  readonly status: string
  /** Empty where the document says nothing of a body. */
  readonly content: readonly MediaType[]
}

/** What a document says of the responses to one operation. */
export interface DescribedResponses {
  /** `METHOD /path` of the document. */
  readonly operation: string
  readonly responses: readonly DescribedResponse[]
}

/** What the document says of a success: the first status of 2xx whose body is JSON, else the first of any. */
export interface Success {
  /** 200 where the document names no status. */
  readonly status: number
  /** Schema of the JSON body; allows any value where the document has none. */
  readonly schema: JsonSchema
}

/** Reads the Responses Object of an operation; a response that is a reference to nowhere says nothing of its body. */
export function readResponses(
  document: OpenApiDocument,
  responses: unknown,
  read: SchemaReader,
): DescribedResponse[] {
  return listMembers(responses)
    .filter(([status]) => /^(?:[1-5](?:\d\d|XX)|default)$/i.test(status))
    .map(([status, part]) => {
      const content = once(() => readContentTypes(resolveReference(document, part), read))
      return {
        status,
        get content() {
          return content()
        },
      }
    })
}

/** Finds what is said of a status: the status itself, its range, or `default` (OpenAPI, Responses Object). */
export function findResponse(
  responses: readonly DescribedResponse[],
  status: number,
): DescribedResponse | undefined {
  const names = [`${status}`, `${Math.floor(status / 100)}XX`, 'DEFAULT']
  return names.map((name) => responses.find((one) => one.status.toUpperCase() === name)).find(Boolean)
}

/** Finds what the document says of a success. */
export function findSuccess(responses: readonly DescribedResponse[]): Success {
  const successes = responses.filter(({ status }) => /^2/.test(status))
  const all = successes.length > 0 ? successes : responses.filter(({ status }) => status === 'default')
  const findJson = ({ content }: DescribedResponse) => content.find(({ kind }) => kind === 'json')
  const found = all.find(findJson) ?? all[0]
  const status = Number(found?.status)
  const readSchema = once((): JsonSchema => (found && findJson(found)?.schema) ?? {})
  return {
    status: Number.isInteger(status) ? status : 200,
    get schema() {
      return readSchema()
    },
  }
}

/** Reads what a document says of the responses to each of its operations, errors included. */
export function readDescribedOperations(document: OpenApiDocument): DescribedResponses[] {
  const read = createSchemaReader(document, 'response')
  return listOperations(document).map(({ method, path, part }) => ({
    operation: `${method} ${path}`,
    responses: readResponses(document, readOwn(part, 'responses'), read),
  }))
}

/** An Operation Object where it stands. */
export interface OperationPart {
  /** In capitals. */
  readonly method: string
  readonly path: string
  readonly part: unknown
  /** Parameters that its path gives to all of its operations. */
  readonly shared: unknown
}

/** Methods that a Path Item Object has members for, `query` since OpenAPI 3.2. */
export const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace', 'query']

/** A server must not repeat credentials to TRACE (RFC 9110 §9.3.8). */
const servedMethods = methods.filter((method) => method !== 'trace')

/** Lists the Operation Objects of a document in its order, each path's in the order above; TRACE is not served. */
export function listOperations(document: OpenApiDocument): OperationPart[] {
  return Object.entries(document.paths).flatMap(([path, reference]) => {
    const item = asRecord(resolveReference(document, reference))
    const additional = listMembers(item.additionalOperations)
    const all = [...servedMethods.map((method) => [method, item[method]] as const), ...additional]
    return all.flatMap(([method, part]) =>
      typeof part === 'object' && part !== null && path.startsWith('/')
        ? [{ method: method.toUpperCase(), path, part, shared: item.parameters }]
        : [],
    )
  })
}
