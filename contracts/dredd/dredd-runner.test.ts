import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listDocumentedResponses, nameResponse } from '../rest/documented-responses.ts'
import { type DreddReport, runDredd } from './dredd-runner.ts'

interface Served {
  readonly status?: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const valid = {
  status: 200,
  type: 'application/json',
  headers: { 'x-calls-left': '9' },
  body: { id: 1, name: null },
}

/** What the server returns at each path, all of which promise the same; `undefined` breaks the connection. */
const served: Readonly<Record<string, Served | undefined>> = {
  '/valid': {},
  '/valid-with-charset': { type: 'application/json; charset=utf-8' },
  '/valid-with-more': { body: { ...valid.body, extra: true } },
  '/other-type': { body: { id: '1', name: null } },
  '/too-large': { body: { id: 2 ** 31, name: null } },
  '/null': { body: { id: null, name: null } },
  '/no-field': { body: { id: 1 } },
  '/other-status': { status: 202 },
  '/other-media-type': { type: 'application/problem+json' },
  '/no-header': { headers: {} },
  '/empty': { body: undefined },
  '/broken': undefined,
}

const document = {
  openapi: '3.0.3',
  info: { title: 'Served', version: '1' },
  paths: Object.fromEntries(
    Object.keys(served).map((path) => [
      path,
      { get: { responses: { 200: { $ref: '#/components/responses/One' } } } },
    ]),
  ),
  components: {
    responses: {
      One: {
        description: 'One user.',
        headers: { 'X-Calls-Left': { schema: { type: 'integer' } } },
        content: {
          'application/json': { schema: { $ref: '#/components/schemas/User' }, example: valid.body },
        },
      },
    },
    schemas: {
      User: {
        type: 'object',
        required: ['id', 'name'],
        properties: { id: { type: 'integer', format: 'int32' }, name: { type: 'string', nullable: true } },
      },
    },
  },
}

let report: DreddReport
let server: Server
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dredd-'))
  const file = join(folder, 'openapi.json')
  await writeFile(file, JSON.stringify(document))
  server = createServer((request, response) => {
    const planned = served[request.url ?? '']
    if (!planned) return request.socket.destroy()
    const { status, type, headers, body } = { ...valid, ...planned }
    return response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const responses = new Map(
    listDocumentedResponses(document).map((response) => [nameResponse(response), response]),
  )
  report = await runDredd({
    document: file,
    endpoint: origin,
    prepare: (transaction) => ({
      origin,
      spared: [],
      bodySchema: responses.get(nameResponse(transaction))?.schema,
    }),
  })
})

afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

describe('Dredd', () => {
  it('tries every documented response', () => {
    expect(report.results.map(({ path }) => path)).toEqual(Object.keys(served))
  })

  it.each(['/valid', '/valid-with-charset', '/valid-with-more'])('passes %s', (path) => {
    expect(findResult(path)).toMatchObject({ passed: true, message: '' })
  })

  it.each([
    ['/other-type', "At '/id' Invalid type: string (expected integer)"],
    ['/too-large', 'should be <= 2147483647'],
    ['/null', "At '/id' Invalid type: null (expected integer)"],
    ['/no-field', "At '/name' Missing required property: name"],
    ['/other-status', "Expected status code '200', but got '202'"],
    ['/other-media-type', 'No enum match for: "application/problem+json"'],
    ['/no-header', 'Missing required property: x-calls-left'],
    ['/empty', 'body is not a parseable JSON'],
    ['/broken', 'there was no response'],
  ])('fails %s and says why', (path, reason) => {
    const result = findResult(path)
    expect(result?.passed).toBe(false)
    expect(result?.message).toContain(reason)
  })

  it('ends with a failure when one response fails', () => {
    expect(report.exitCode).not.toBe(0)
  })
})

function findResult(path: string) {
  return report.results.find((result) => result.path === path)
}
