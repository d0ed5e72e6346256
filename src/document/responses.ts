import { inlineReferences, type OpenApiDocument } from './document.ts'
import { asRecord } from './json.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'
import { readMediaType } from './media-types.ts'

/** One answer that the document promises of the upstream. */
export interface DocumentedResponse {
  /** `METHOD /path` of the document. */
  readonly operation: string
  readonly status: number
  /** Of its JSON body; of one without a body it says nothing. */
  readonly schema: JsonSchema
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

/** Reads every answer of the upstream to every operation, its errors included; it speaks JSON or says nothing. */
export function readResponses(document: OpenApiDocument): DocumentedResponse[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method] !== undefined)
      .flatMap((method) => {
        const responses = asRecord(asRecord(item[method]).responses)
        return Object.entries(responses).flatMap(([status, response]) => {
          const { content } = asRecord(inlineReferences(document, response))
          const json = asRecord(content)['application/json']
          if (content !== undefined && json === undefined) return []
          const schema = toJsonSchema(asRecord(json).schema)
          return [{ operation: `${method.toUpperCase()} ${path}`, status: Number(status), schema }]
        })
      }),
  )
}

/** The successful response of an operation: its status and the schema of its JSON body. */
export interface Success {
  readonly status: number
  readonly schema: JsonSchema
}

/** Reads the first successful response. Throws a `TypeError` without one. */
export function readSuccess(method: string, path: string, responses: unknown): Success {
  const [status, response] = Object.entries(asRecord(responses)).find(([code]) => /^2\d\d$/.test(code)) ?? []
  if (status === undefined) throw new TypeError(`${method} ${path} describes no successful answer`)
  return { status: Number(status), schema: toJsonSchema(readMediaType(response)?.schema) }
}
