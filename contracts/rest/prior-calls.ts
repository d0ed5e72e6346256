import { setImmediate } from 'node:timers/promises'
import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { listDocumentedResponses } from './documented-responses.ts'
import { makeRequest, sendRequest, type ValidRequest } from './valid-request.ts'

/** What a gateway has been through before the request that is tested. */
export type Past =
  | 'many failures'
  | 'a refusal for now'
  | 'calls under way'
  | 'other calls'
  | 'too many calls'
  | 'more calls than places'

/** An idempotency key whose calls are under way, and one that other calls have had. */
export const keyUnderWay = 'contract-key-under-way'
/** See `keyUnderWay`. */
export const usedKey = 'contract-key-used'

/** Calls that fail, one after the other or all at once, until a gateway gives its upstream up. */
const enoughFailures = 60

const document = readDocument()
const operations = listDocumentedResponses(document).filter(({ status }) => status < 300)
const [read] = operations.filter(({ method }) => method === 'GET').map((one) => makeRequest(one, document))

/** Lets the upstream of a gateway fail until the gateway asks it no more. */
export async function failOften(origin: string): Promise<void> {
  await Promise.all(Array.from({ length: enoughFailures }, () => sendRequest(origin, findRead())))
}

/** Has the upstream of a gateway ask the client of all valid requests to wait. */
export async function refuseOnce(origin: string): Promise<void> {
  await sendRequest(origin, findRead())
}

/** Begins every operation that takes a key, before an upstream that never responds. */
export async function beginCalls(origin: string, upstream: { readonly hits: number }): Promise<void> {
  const requests = listKeyed(keyUnderWay)
  for (const request of requests) sendRequest(origin, request).catch(() => {})
  while (upstream.hits < requests.length) await setImmediate()
}

/** Gives a key to a call of every operation that takes one, each of them another than the valid request. */
export async function useKeys(origin: string): Promise<void> {
  for (const request of listKeyed(usedKey)) await sendRequest(origin, alter(request))
}

function findRead(): ValidRequest {
  if (!read) throw new Error('the document has no read')
  return read
}

function listKeyed(key: string): ValidRequest[] {
  return operations
    .filter(({ method, path }) =>
      takesKey(asRecord(asRecord(asRecord(document.paths)[path])[method.toLowerCase()])),
    )
    .map((one) => makeRequest(one, document))
    .map((request) => ({ ...request, headers: { ...request.headers, 'idempotency-key': key } }))
}

function takesKey({ parameters }: { parameters?: unknown }): boolean {
  return [parameters ?? []].flat().some((one) => asRecord(one).name === 'Idempotency-Key')
}

/** Another id in the path, and the same body in other bytes. */
function alter(request: ValidRequest): ValidRequest {
  const { url, body } = request
  const other = body === undefined ? undefined : JSON.stringify(JSON.parse(body), null, 1)
  return { ...request, url: url.replace(/\/\d+/, '/1'), body: other }
}
