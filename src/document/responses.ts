import { inlineReferences, type OpenApiDocument } from './document.ts'
import { asRecord } from './json.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'

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
