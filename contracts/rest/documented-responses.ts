import { asRecord } from '../../src/document/json.ts'
import { type JsonObject, resolve, toDraft07 } from './json-schema.ts'

/** One response that the document promises. */
export interface DocumentedResponse {
  readonly operationId: string
  readonly method: string
  /** Path template of the document, without the prefix it is served under. */
  readonly path: string
  readonly status: number
  readonly mediaType: string
  /** JSON Schema draft-07 without references. */
  readonly schema: JsonObject
  /** Headers documented for the status, in lower case. */
  readonly headers: readonly string[]
  /** The response's examples by name; a lone `example` has no name. */
  readonly examples: ReadonlyMap<string, unknown>
}

/** The media type of the errors that the gateway itself raises (RFC 9457). */
export const problemType = 'application/problem+json'

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/** Lists every response the document promises: operation × status × media type. */
export function listDocumentedResponses(document: JsonObject): DocumentedResponse[] {
  const within = (value: unknown, name: string) => Object.entries(asRecord(resolve(value, document)[name]))
  return Object.entries(asRecord(document.paths)).flatMap(([path, item]) =>
    Object.entries(asRecord(item))
      .filter(([method]) => methods.has(method))
      .flatMap(([method, operation]) =>
        within(operation, 'responses').flatMap(([status, response]) =>
          within(response, 'content').map(([mediaType, content]) => ({
            operationId: String(asRecord(operation).operationId),
            method: method.toUpperCase(),
            path,
            status: Number(status),
            mediaType,
            headers: within(response, 'headers').map(([name]) => name.toLowerCase()),
            schema: toDraft07(asRecord(content).schema, document),
            examples: readExamples(asRecord(content), document),
          })),
        ),
      ),
  )
}

/** Names a response, the same for the document, Dredd and the tests. */
export function nameResponse({
  method,
  path,
  status,
  mediaType,
}: Pick<DocumentedResponse, 'method' | 'path' | 'status' | 'mediaType'>): string {
  return `${method} ${path} → ${status} ${mediaType}`
}

function readExamples({ example, examples }: JsonObject, document: JsonObject): Map<string, unknown> {
  if (example !== undefined) return new Map([['', example]])
  return new Map(
    Object.entries(asRecord(examples)).map(([name, value]) => [name, resolve(value, document).value]),
  )
}
