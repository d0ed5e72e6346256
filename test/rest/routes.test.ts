import { Client, type Dispatcher } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readApi } from '../../src/document/api.ts'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'
import { compileOperations } from '../../src/document/validation.ts'
import { createRestServer } from '../../src/rest/server.ts'
import { StreamLimit } from '../../src/upstream/body-stream.ts'
import { createRequester } from '../../src/upstream/requester.ts'
import { openListener } from '../support/open-listener.ts'
import { createRequesterParts } from '../support/requester-parts.ts'
import { createRunLogger } from '../support/run-log.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const text = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string' } })
const responses = { 200: { description: 'x', content: { 'application/json': { schema: {} } } } }

/** Method, upstream path, exposed path and what of it are variables. */
const routes: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['get', '/books/{bookId}', '/library/{book-id}', ['bookId']],
  ['delete', '/v2/books/{bookId}', '/library/{id}', ['bookId']],
  ['get', '/books/{bookId}/pages/{page}', '/library/{book_id}/p/{n}', ['bookId', 'page']],
  ['post', '/books/{bookId}/cancel', '/library/{id}:cancel', ['bookId']],
  ['get', '/books/{bookId}/raw', '/library/{id}.json', ['bookId']],
  ['get', '/range/{from}/{to}', '/range/{from}-{to}', ['from', 'to']],
  ['get', '/tiles/{z}/{x}/{y}', '/tiles/{z}-{x}-{y}.png', ['z', 'x', 'y']],
  ['get', '/pair/{left}{right}', '/pair/{left}/{right}', ['left', 'right']],
  ['get', '/all', '/everything', []],
]

function describe(): OpenApiDocument {
  const paths: Record<string, Record<string, object>> = {}
  for (const [method, path, exposed, variables] of routes)
    paths[path] = {
      ...paths[path],
      [method]: {
        operationId: `${method} ${path}`,
        'x-rest-path': exposed,
        parameters: variables.map(text),
        responses,
      },
    }
  return { openapi: '3.0.3', info: { title: 'Library', version: '1' }, paths }
}

let upstream: UpstreamStub
let url: string
let close: () => Promise<unknown>
beforeAll(async () => {
  upstream = await startUpstream()
  const document = describe()
  const configured = { secrets: {}, pins: {} }
  const requester = createRequester({
    ...createRequesterParts(),
    ...{ baseUrl: upstream.url, timeout: 5_000 },
    rules: readApi(document).responses,
    operations: [],
  })
  const app = await createRestServer({
    uploads: new StreamLimit(),
    bodyLimits: { text: 1_000, file: 1_000 },
    ...openListener(5_000),
    logger: createRunLogger(() => {}),
    ...{
      document,
      operations: compileOperations(readOperations(document)),
      requester,
      configured,
      isGuarded: false,
      reserved: [],
    },
    policy: { allowDelete: true },
  })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
  close = () => Promise.all([app.close(), requester.close()])
})
afterAll(async () => {
  await close()
  await upstream[Symbol.asyncDispose]()
})

async function ask(method: string, path: string): Promise<[number, string | null, string | undefined]> {
  upstream.requests.length = 0
  // A path that fetch would resolve goes as it stands.
  const client = new Client(url)
  const { statusCode, headers, body } = await client.request({
    path,
    method: method as Dispatcher.HttpMethod,
  })
  await body.dump()
  await client.close()
  const [sent] = upstream.requests
  return [statusCode, headers.allow?.toString() ?? null, sent && `${sent.method} ${sent.url}`]
}

test.each([
  ['GET', '/library/7', 'GET /books/7'],
  ['DELETE', '/library/7', 'DELETE /v2/books/7'],
  ['GET', '/library/7/p/8', 'GET /books/7/pages/8'],
  ['POST', '/library/7:cancel', 'POST /books/7/cancel'],
  ['GET', '/library/7.json', 'GET /books/7/raw'],
  ['GET', '/library/7.1.json', 'GET /books/7.1/raw'],
  ['GET', '/range/1-5', 'GET /range/1/5'],
  ['GET', '/everything', 'GET /all'],
])('%s %s goes upstream as %s', async (method, path, expected) => {
  expect(await ask(method, path)).toEqual([200, null, expected])
})

test.each([
  '/library/%2e%2E',
  '/library/%2e',
  '/library/%2e/p/8',
  '/range/..-5',
  '/range/1-%2e',
  '/pair/%2e/%2e',
])('%s would leave its place in the upstream path', async (path) => {
  expect(await ask('GET', path)).toEqual([400, null, undefined])
})

test.each([
  '/books/7',
  '/v1/books/7',
  '/v2/books/7',
  '/v1/library/7',
  '/all',
  '/v1/everything',
  '/library/7/pages/8',
  '/range/15',
])('%s is not exposed', async (path) => {
  expect(await ask('GET', path)).toEqual([404, null, undefined])
})

test.each([
  ['PUT', '/library/7', 'GET, DELETE'],
  ['PUT', '/library/7:cancel', 'GET, DELETE, POST'],
  ['POST', '/everything', 'GET'],
])('%s %s is refused with the methods there are', async (method, path, allow) => {
  expect(await ask(method, path)).toEqual([405, allow, undefined])
})

test('a path is what its method makes of it', async () => {
  expect(await ask('DELETE', '/library/7:cancel')).toEqual([200, null, 'DELETE /v2/books/7%3Acancel'])
})
