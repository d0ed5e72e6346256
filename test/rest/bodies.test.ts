import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'

const operation = (operationId: string, types: string[], more: object = {}) => ({
  operationId,
  responses: {},
  requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema: more }])) },
})
const form = {
  type: 'object',
  properties: { size: { type: 'integer' }, scan: { type: 'string', format: 'binary' } },
  required: ['size'],
}
const parts = {
  type: 'object',
  properties: {
    meta: { type: 'object', properties: { a: { type: 'number' } } },
    any: {},
    note: { type: 'string' },
    list: { type: 'array', items: { type: 'object' } },
    scan: { type: 'string', format: 'binary' },
    scans: { type: 'array', items: { type: 'string', format: 'binary' } },
  },
}
const partsOperation = {
  operationId: 'parts',
  responses: {},
  requestBody: {
    content: {
      'multipart/form-data': { schema: parts, encoding: { any: { contentType: 'application/json' } } },
    },
  },
}
const strict = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer' } },
  additionalProperties: false,
}
/** Types that begin as those of texts do. */
const likeTexts = ['application/jsonl', 'application/xml-dtd']
const versionsOperation = {
  operationId: 'versions',
  requestBody: {
    content: {
      'application/json; version=1': { schema: { type: 'object', required: ['v1'] } },
      'application/json; version=2': { schema: { type: 'object', required: ['v2'] } },
    },
  },
  responses: { 200: { description: 'Done.', content: { 'application/json;odata=verbose': {} } } },
}
const document = {
  openapi: '3.1.0',
  info: { title: 'Files', version: '1' },
  'x-name': 'files',
  paths: {
    '/search': {
      get: operation('search', ['application/json'], { type: 'object' }),
      delete: operation('drop', ['application/json'], { type: 'object' }),
    },
    '/plain': {
      get: { operationId: 'plain', responses: {} },
      delete: { operationId: 'remove', responses: {} },
    },
    '/files': {
      put: operation('upload', ['application/octet-stream', 'image/*', ...likeTexts]),
      post: operation('form', ['multipart/form-data'], form),
    },
    '/parts': { post: partsOperation },
    '/versions': { post: versionsOperation },
    '/any': { post: operation('any', ['*/*']) },
    '/choice': {
      post: operation('choose', ['application/json', 'text/plain', 'application/xml'], { type: 'string' }),
    },
    '/json': { post: operation('json', ['application/json', 'text/json', 'application/*+json'], strict) },
    '/suffix': { post: operation('suffix', ['application/*+xml', 'application/*+json'], strict) },
    '/odd': { post: operation('odd', ['application/x-json', 'text/x-json', 'model/gltf+json'], strict) },
    '/query': { query: operation('query', ['application/json'], { type: 'object' }) },
  },
}

/** A request that reached the API. */
type Arrived = readonly [request: IncomingMessage, response: ServerResponse]

const arrived: Arrived[] = []
const api = createServer((incoming, response) => {
  arrived.push([incoming, response])
  void respond(incoming, response)
})
const received: [string, string, string, string][] = []
let held = false

async function respond(incoming: IncomingMessage, response: ServerResponse) {
  if (held) return
  const chunks: Buffer[] = await incoming.toArray().catch(() => [])
  const { method = '', url = '', headers } = incoming
  received.push([method, url, headers['content-type'] ?? '', Buffer.concat(chunks).toString('latin1')])
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
}

let gateway: RunningGateway
beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  const address = api.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const limits = { BODY_LIMIT: '2000', FILE_LIMIT: '4000000', MCP_MESSAGE_LIMIT: '3000' }
  gateway = await startGateway(url, { FILES_BASE_URL: url, ...limits }, { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  api.closeAllConnections()
  api.close()
})

/** Sends a request with a body, whatever its method, and resolves with the status. */
async function send(method: string, path: string, type: string | undefined, body: string | Buffer) {
  const length = { 'content-length': Buffer.byteLength(body) }
  const headers = { ...(type !== undefined && { 'content-type': type }), ...length }
  const outgoing = request(gateway.restUrl + path, { method, headers })
  const responded = once(outgoing, 'response')
  // The gateway does not read a body to its end that it refuses.
  outgoing.on('error', () => {}).end(body)
  const [response]: IncomingMessage[] = await responded
  await response?.resume()
  return response?.statusCode
}

test.each([
  ['restUrl', 'POST', '/choice', 'application/json', '2,000'],
  ['restUrl', 'POST', '/choice', 'text/plain', '2,000'],
  ['restUrl', 'POST', '/odd', 'model/gltf+json', '2,000'],
  ['restUrl', 'POST', '/files', 'Multipart/Form-Data; boundary=b', '4,000,000'],
  ['restUrl', 'PUT', '/files', 'application/octet-stream', '4,000,000'],
  ['mcpUrl', 'POST', '/mcp', 'application/json', '3,000'],
] as const)('a body too large for %s %s %s as %s is told the limit', async (...one) => {
  const [server, method, path, type, limit] = one
  const body = 'x'.repeat(Number(limit.replaceAll(',', '')) + 1)
  const socket = openConnection(gateway[server])
  const head = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', `Content-Type: ${type}`]
  socket.write([...head, `Content-Length: ${body.length}`, '', ''].join('\r\n'))
  const text = await readAll(socket)
  expect(text).toContain('HTTP/1.1 413 ')
  expect(text).toContain(`"detail":"The limit is ${limit} bytes: send a smaller body."`)
})

test('a body goes upstream with whatever method the document describes one for', async () => {
  received.length = 0
  expect([
    await send('GET', '/search', 'application/json', '{"a":1}'),
    await send('GET', '/search', 'application/json', '[1]'),
    await send('GET', '/search', undefined, ''),
    await send('DELETE', '/search', 'application/json', '{"b":2}'),
    await send('GET', '/plain', 'application/json', '{"a":1}'),
    await send('GET', '/plain', 'application/json', ''),
    await send('QUERY', '/query', 'application/json', '{"c":3}'),
    await send('QUERY', '/query', undefined, ''),
  ]).toEqual([200, 400, 200, 200, 400, 200, 200, 415])
  expect(received.map(([method, url, , body]) => [method, url, body])).toEqual([
    ['GET', '/search', '{"a":1}'],
    ['GET', '/search', ''],
    ['DELETE', '/search', '{"b":2}'],
    ['GET', '/plain', ''],
    ['QUERY', '/query', '{"c":3}'],
  ])
})

const types = [undefined, 'application/json', 'application/octet-stream', 'multipart/form-data; boundary=b']
const targets = ['GET /plain', 'DELETE /plain', 'DELETE /search', 'POST /choice'] as const
const empty = '0\r\n\r\n'

/** Sends a request in chunks, and another behind it on the same connection; resolves with the statuses. */
async function sendChunks(target: string, type: string | undefined, first: string, rest = '') {
  const socket = openConnection(gateway.restUrl)
  const typed = type === undefined ? [] : [`Content-Type: ${type}`]
  const head = [`${target} HTTP/1.1`, 'Host: 127.0.0.1', 'Transfer-Encoding: chunked', ...typed, '', '']
  socket.write(head.join('\r\n') + first)
  if (rest !== '') await setTimeout(20)
  socket.write(`${rest}GET /plain HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
  return (await readAll(socket)).match(/(?<=HTTP\/1\.1 )\d+/g)
}

test.each(targets.flatMap((target) => types.map((type) => [target, type] as const)))(
  '%s as %s takes a chunked body that is empty for none',
  async (target, type) => {
    received.length = 0
    expect(await sendChunks(target, type, empty)).toEqual(['200', '200'])
    expect(await sendChunks(target, type, '', empty)).toEqual(['200', '200'])
    expect(await sendChunks(target, type, '0', '\r\nX-Trailer: a\r\n\r\n')).toEqual(['200', '200'])
    const sent = [...target.split(' '), '', '']
    expect(received).toEqual([1, 2, 3].flatMap(() => [sent, ['GET', '/plain', '', '']]))
  },
)

test.each(types.flatMap((type) => (['GET', 'DELETE'] as const).map((method) => [method, type] as const)))(
  'a chunked body with bytes is refused where %s takes none, as %s',
  async (method, type) => {
    received.length = 0
    const target = `${method} /plain`
    expect(await sendChunks(target, type, `2\r\n{}\r\n${empty}`)).toEqual(['400', '200'])
    expect(await sendChunks(target, type, '2\r\n{', `}\r\n${empty}`)).toEqual(['400', '200'])
    expect(received.map(([sent]) => sent)).toEqual(['GET', 'GET'])
  },
)

test('the content type chooses among those described, and what a range stands for is read as its own type', async () => {
  received.length = 0
  expect([
    await send('POST', '/choice', 'application/json', '"a"'),
    await send('POST', '/choice', 'application/json', 'a'),
    await send('POST', '/choice', 'text/plain; charset=utf-8', 'a'),
    await send('POST', '/choice', 'application/xml', '<a/>'),
    await send('POST', '/choice', 'text/csv', 'a'),
    await send('POST', '/any', 'application/json', '{'),
    await send('POST', '/any', 'text/csv', '{'),
    await send('POST', '/any', 'application/pdf', '{'),
    await send('PUT', '/files', 'image/png', '\x89'),
    await send('PUT', '/files', 'audio/mpeg', 'a'),
  ]).toEqual([200, 400, 200, 200, 415, 400, 200, 200, 200, 415])
  expect(received.map(([, url, type, body]) => [url, type, body])).toEqual([
    ['/choice', 'application/json', '"a"'],
    ['/choice', 'text/plain; charset=utf-8', 'a'],
    ['/choice', 'application/xml', '<a/>'],
    ['/any', 'text/csv', '{'],
    ['/any', 'application/pdf', '{'],
    ['/files', 'image/png', Buffer.from('\x89').toString('latin1')],
  ])
})

test('the parameters of a content type choose among those of one type, and go upstream', async () => {
  received.length = 0
  const [first, second] = ['application/json; version=1', 'application/json;charset=utf-8;Version="2"']
  expect([
    await send('POST', '/versions', first, '{"v1":1}'),
    await send('POST', '/versions', second, '{"v2":1}'),
    await send('POST', '/versions', first, '{"v2":1}'),
    await send('POST', '/versions', second, '{"v1":1}'),
    await send('POST', '/versions', 'application/json', '{"v1":1}'),
  ]).toEqual([200, 200, 400, 400, 200])
  expect(received.map(([, , type]) => type)).toEqual([first, second, 'application/json'])
  expect(arrived.at(-1)?.[0].headers.accept).toBe('application/json; odata=verbose')
})

test.each([
  ['/json', 'text/json'],
  ['/json', 'Text/JSON; charset=utf-8'],
  ['/json', 'application/vnd.a+json'],
  ['/json', 'application/vnd.a+b+json;v=1'],
  ['/suffix', 'application/vnd.a+json'],
  ['/odd', 'application/x-json'],
  ['/odd', 'text/x-json'],
  ['/odd', 'model/gltf+json'],
])('%s is checked as JSON by the name %s', async (path, type) => {
  received.length = 0
  const wrong = ['{"id":"1"}', '{"id":1,"id":5}', '{"id":1,"role":"admin"}', '{"id":1', '\ufeff{"id":1}']
  expect(await Promise.all(wrong.map((body) => send('POST', path, type, body)))).toEqual(wrong.map(() => 400))
  expect(await send('POST', path, type, '{ "id": 1 }')).toBe(200)
  expect(received.map(([, , ...sent]) => sent)).toEqual([[type, '{ "id": 1 }']])
})

test('a range of a suffix stands for the types of that suffix alone', async () => {
  const types = ['application/vnd.a+yaml', 'text/vnd.a+json', 'application/xml', 'application/vnd.a+xml']
  expect(await Promise.all(types.map((type) => send('POST', '/suffix', type, '<a/>')))).toEqual([
    415, 415, 415, 200,
  ])
})

test('a content type goes upstream as it came, but for what JSON does not need', async () => {
  const same = [
    'application/json; version=3',
    'application/json;charset="UTF-8"; x=y',
    'application/json; x=";"',
  ]
  const bare = [
    'application/json',
    'application/json;',
    'application/json; charset=utf-8',
    'application/json; ;charset=utf-8; ',
    'Application/JSON;charset="UTF-8"',
  ]
  for (const [type, sent] of [
    ...same.map((one) => [one, one] as const),
    ...bare.map((one) => [one, 'application/json'] as const),
  ]) {
    received.length = 0
    expect(await send('POST', '/choice', type, '"a"')).toBe(200)
    expect(received.map(([, , arrived]) => arrived)).toEqual([sent])
  }
})

test('a body has the limit of its type', async () => {
  const part = (bytes: number) =>
    `--b\r\ncontent-disposition: form-data; name="size"\r\n\r\n7\r\n--b\r\ncontent-disposition: form-data; name="scan"; filename="a"\r\n\r\n${'a'.repeat(bytes)}\r\n--b--\r\n`
  expect([
    await send('POST', '/choice', 'application/json', JSON.stringify('a'.repeat(3_000))),
    await send('POST', '/choice', 'text/plain', 'a'.repeat(3_000)),
    await send('POST', '/files', 'multipart/form-data; boundary=b', part(3_000)),
    await send('POST', '/files', 'multipart/form-data; boundary=b', part(4_000_000)),
    await send('PUT', '/files', 'application/octet-stream', Buffer.alloc(3_000)),
    await send('PUT', '/files', 'application/octet-stream', Buffer.alloc(4_000_001)),
    ...(await Promise.all(likeTexts.map((type) => send('PUT', '/files', type, 'a'.repeat(3_000))))),
  ]).toEqual([413, 413, 200, 413, 200, 413, 200, 200])
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { a: 'a'.repeat(3_000) } })
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })).status).toBe(413)
})

/** Begins an upload in chunks, and waits until the API has its first bytes. */
async function beginUpload() {
  arrived.length = 0
  held = true
  const headers = { 'content-type': 'application/octet-stream' }
  const outgoing = request(`${gateway.restUrl}/files`, { method: 'PUT', headers })
  outgoing.on('error', () => {})
  outgoing.write('first')
  await expect.poll(() => arrived.length).toBe(1)
  held = false
  const [upload] = arrived
  if (!upload) throw new Error('nothing arrived')
  return { outgoing, upload }
}

test('bytes arrive at the API while the client still sends them', async () => {
  const { outgoing, upload } = await beginUpload()
  const [incoming, response] = upload
  expect(String((await once(incoming, 'data'))[0])).toBe('first')
  outgoing.end('last')
  expect(Buffer.concat(await incoming.toArray()).toString()).toBe('last')
  response.writeHead(201).end()
  const [answer]: IncomingMessage[] = await once(outgoing, 'response')
  expect(answer?.statusCode).toBe(201)
})

test('bytes beyond the limit end the request to the API, and the client is told', async () => {
  const { outgoing, upload } = await beginUpload()
  const [incoming] = upload
  const failed = once(incoming.resume(), 'error')
  outgoing.write(Buffer.alloc(4_000_000))
  const [answer]: IncomingMessage[] = await once(outgoing, 'response')
  expect(answer?.statusCode).toBe(413)
  await failed
  outgoing.destroy()
})

test('a client that leaves within its upload ends the request to the API, which is not at fault', async () => {
  const { outgoing, upload } = await beginUpload()
  const [incoming] = upload
  const failed = once(incoming.resume(), 'error')
  outgoing.destroy()
  await failed
  await expect.poll(() => gateway.log.join('')).toContain('"code":"upload_incomplete"')
  expect(gateway.log.join('')).not.toContain('upstream_connection_lost')
})

test('a part of JSON has one reading, and a file a name', async () => {
  const send = async (name: string, value: string | Blob) => {
    const body = new FormData()
    body.append(name, value)
    const response = await fetch(`${gateway.restUrl}/parts`, { method: 'POST', body })
    const problem: unknown = await response.json()
    return response.ok ? 'sent' : Object(problem).detail
  }
  const json = (text: string) => new Blob([text], { type: 'application/json' })
  const [sound, twice] = ['{"a":1.50}', '{"a":1,"\\u0061":2}']
  const refused = (name: string) =>
    `body.${name} must be one JSON text, without repeated keys and a key "__proto__"`
  for (const name of ['meta', 'any', 'list'])
    for (const write of [json, (text: string) => text, (text: string) => new Blob([text])])
      expect([name, await send(name, write(sound)), await send(name, write(twice))]).toEqual([
        name,
        'sent',
        refused(name),
      ])
  expect(await send('other', json(twice))).toBe(refused('other'))
  expect(await send('meta', '{"a":')).toBe(refused('meta'))
  expect(await send('meta', json('{"a":"x"}'))).toMatch(/^body\.meta\.a must be a number/)
  expect([await send('note', twice), await send('scan', json(twice))]).toEqual(['sent', 'sent'])
  const named = 'must be a file: give its part a filename'
  expect([await send('scan', 'x'), await send('scans', 'x')]).toEqual([
    `body.scan ${named}`,
    `body.scans ${named}`,
  ])
})
