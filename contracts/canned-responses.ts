import { readDocument } from '../src/document/document.ts'
import { listDocumentedResponses } from './rest/documented-responses.ts'

/** A response that stands in for the upstream's. */
export interface CannedResponse {
  readonly status: number
  readonly body: string
}

const canned = listDocumentedResponses(readDocument())
  .filter(({ status, mediaType }) => status < 300 && mediaType === 'application/json')
  .map(({ method, path, status, examples }) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}(\\?.*)?$`),
    response: { status, body: JSON.stringify([...examples.values()][0]) },
  }))

/** Returns the documented success of the operation that a request calls, or a 404 where there is none. */
export function findCannedResponse(method: string, url: string): CannedResponse {
  const found = canned.find((one) => one.method === method && one.pattern.test(url))
  return found?.response ?? { status: 404, body: '{"statusCode":404,"message":"no such operation"}' }
}
