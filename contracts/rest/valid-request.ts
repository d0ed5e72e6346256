import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { asRecord } from '../../src/document/json.ts'
import type { DocumentedResponse } from './documented-responses.ts'
import { type JsonObject, resolve } from './json-schema.ts'

/** A request to which an operation responds with success, before it is spoiled. */
export interface ValidRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** Makes the request of an operation from the document's examples, with nothing in it that is optional. */
export function makeRequest(
  { method, path }: Pick<DocumentedResponse, 'method' | 'path'>,
  document: JsonObject,
): ValidRequest {
  const item = asRecord(asRecord(document.paths)[path])
  const operation = asRecord(item[method.toLowerCase()])
  const parameters = [item.parameters ?? [], operation.parameters ?? []]
    .flat()
    .map((parameter: unknown) => resolve(parameter, document))
  const values = new Map(
    parameters.map((parameter) => [parameter.name, String(readExample(parameter, document))]),
  )
  const content = asRecord(resolve(operation.requestBody, document).content)['application/json']
  return {
    method,
    url: `/v1${path.replaceAll(/\{(.*?)\}/g, (_, name: string) => encodeURIComponent(values.get(name) ?? name))}`,
    headers: {
      accept: 'application/json, application/problem+json',
      'x-cal-secret-key': values.get('x-cal-secret-key') ?? '',
      ...(content !== undefined && { 'content-type': 'application/json' }),
    },
    ...(content !== undefined && { body: JSON.stringify(readExample(asRecord(content), document)) }),
  }
}

function readExample(holder: JsonObject, document: JsonObject): unknown {
  if (holder.example !== undefined) return holder.example
  const [first] = Object.values(asRecord(holder.examples))
  return first === undefined ? resolve(holder.schema, document).example : resolve(first, document).value
}

/** What came back; the charset that JSON does not have is left out of the type. */
export interface ReceivedResponse {
  readonly status: number
  readonly type: string
  readonly body: unknown
}

/** Sends a request and reads its JSON response. `fetch` lets nobody choose a Host header, and some requests must. */
export function sendRequest(
  origin: string,
  { method, url, headers, body }: ValidRequest,
): Promise<ReceivedResponse> {
  // Node sends a body of GET and DELETE without saying how long it is.
  const framing = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const request = httpRequest(origin + url, { method, headers: { ...headers, ...framing } }, (response) => {
      const type = response.headers['content-type']?.replace(/; *charset=utf-8$/, '') ?? ''
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, type, body: JSON.parse(body) as unknown }),
        reject,
      )
    })
    request.on('error', reject).end(body)
  })
}
