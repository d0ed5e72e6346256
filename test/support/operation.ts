import { type RequestBody, readRequestBody } from '../../src/document/media-types.ts'
import { toJsonSchema } from '../../src/document/schema-reader.ts'

/** A body of one media type, JSON unless another is named. */
export function createBody(schema: object, required = true, type = 'application/json'): RequestBody {
  const body = readRequestBody({ required, content: { [type]: { schema } } }, toJsonSchema)
  if (!body) throw new TypeError('a body has a media type')
  return body
}
