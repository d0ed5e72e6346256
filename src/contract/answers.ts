import { inlineReferences, type OpenApiDocument } from './document.ts'
import { asRecord } from './json.ts'
import { type JsonSchema, toJsonSchema } from './schema.ts'

/** One answer that the document promises, as far as it is JSON. */
export interface DocumentedAnswer {
  /** `METHOD /path` of the document. */
  readonly operation: string
  readonly status: number
  readonly schema: JsonSchema
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

/** Reads every JSON answer of every operation, errors of the upstream included. */
export function readAnswers(document: OpenApiDocument): DocumentedAnswer[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method] !== undefined)
      .flatMap((method) => {
        const responses = asRecord(asRecord(item[method]).responses)
        return Object.entries(responses).flatMap(([status, response]) => {
          const { content } = asRecord(inlineReferences(document, response))
          const json = asRecord(content)['application/json']
          if (json === undefined) return []
          const schema = toJsonSchema(asRecord(json).schema)
          return [{ operation: `${method.toUpperCase()} ${path}`, status: Number(status), schema }]
        })
      }),
  )
}
