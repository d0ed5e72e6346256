import { expect, test } from 'vitest'
import { load } from '../description/loading.ts'
import { startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const path = (name: string, more: object = {}) => ({ name, in: 'path', required: true, schema: {}, ...more })
const ok = { responses: { 200: { description: 'Done' } } }
const node = { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' } } }
const document = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  'x-name': 'things',
  paths: {
    '/things/{id}.json': { get: { operationId: 'thing', ...ok, parameters: [path('id')] } },
    '/events/{id}.json': {
      get: {
        operationId: 'event',
        ...ok,
        'x-rest-path': '/events/id-json',
        parameters: [path('id'), { name: 'id', in: 'query', schema: { type: 'string' } }],
      },
    },
    '/points/{at}': {
      get: {
        operationId: 'point',
        ...ok,
        parameters: [
          path('at', {
            style: 'matrix',
            explode: true,
            schema: { type: 'array', items: { type: 'integer' } },
          }),
          { name: 'filter', in: 'query', style: 'deepObject', schema: { type: 'object' } },
          { name: 'session', in: 'cookie', schema: { type: 'string' } },
          { name: 'where', in: 'query', content: { 'application/json': { schema: {} } } },
        ],
      },
    },
    '/maps/{latitude}.{format}': {
      get: {
        operationId: 'map',
        ...ok,
        parameters: [path('latitude'), path('format', { schema: { enum: ['json', 'xml'] } })],
      },
    },
    '/search': {
      query: {
        operationId: 'search',
        ...ok,
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } },
      },
    },
    '/charges': {
      post: {
        operationId: 'charge',
        ...ok,
        parameters: [{ name: 'Idempotency-Key', in: 'header', schema: { type: 'string' } }],
      },
    },
    '/orders': {
      post: {
        operationId: 'order',
        ...ok,
        parameters: [
          { name: 'Call-Key', in: 'header', schema: { type: 'string' }, 'x-idempotency-key': true },
        ],
      },
    },
    '/forms': {
      post: {
        operationId: 'form',
        ...ok,
        requestBody: {
          content: {
            'application/x-www-form-urlencoded': {
              schema: { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] },
            },
          },
        },
      },
    },
  },
  components: { schemas: { Node: node } },
}

test('every construct of OpenAPI goes upstream as it was meant, and what breaks it does not', async () => {
  await using upstream = await startUpstream((_request, response) => respondJson(response, 200, '[1]'))
  await using gateway = await startGateway(upstream.url, { THINGS_BASE_URL: upstream.url }, { document })
  const call = async (url: string, init: RequestInit = {}) =>
    (await fetch(gateway.restUrl + url, init)).status
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  expect([
    await call('/things/a%2Fb.json'),
    await call('/events/id-json?id=a%2Fb'),
    await call('/points/;at=1;at=2?filter[a][b]=x', { headers: { cookie: 'session=s; other=o' } }),
    await call('/points/;at=x'),
    await call('/search', {
      method: 'QUERY',
      headers: { 'content-type': 'application/json' },
      body: '{"next":{}}',
    }),
    await call('/search', {
      method: 'QUERY',
      headers: { 'content-type': 'application/json' },
      body: '{"next":7}',
    }),
    await call('/forms', { method: 'POST', headers: form, body: 'size=7' }),
    await call('/forms', { method: 'POST', headers: form, body: 'size=07' }),
    await call('/forms', { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'a' }),
  ]).toEqual([200, 200, 200, 400, 200, 400, 200, 400, 415])
  expect(upstream.requests.map(({ method, url, body }) => [method, url, `${body}`])).toEqual([
    ['GET', '/things/a%2Fb.json', ''],
    ['GET', '/events/a%2Fb.json?id=a%2Fb', ''],
    ['GET', '/points/;at=1;at=2?filter[a][b]=x', ''],
    ['QUERY', '/search', '{"next":{}}'],
    ['POST', '/forms', 'size=7'],
  ])
  expect(upstream.requests[2]?.headers.cookie).toBe('session=s')
})

test('the values that a variable may have say where it begins', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, { THINGS_BASE_URL: upstream.url }, { document })
  const call = async (url: string) => {
    const response = await fetch(gateway.restUrl + url)
    return [response.status, /path\.\w+/.exec(await response.text())?.[0]]
  }
  expect([await call('/maps/110.75.xml'), await call('/maps/110.75.pdf'), await call('/maps/110')]).toEqual([
    [200, undefined],
    [400, 'path.format'],
    [404, undefined],
  ])
  expect(upstream.requests.map(({ url }) => url)).toEqual(['/maps/110%2E75.xml'])
})

test('what two readers would read differently is refused in a query and in cookies too', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, { THINGS_BASE_URL: upstream.url }, { document })
  const call = async (query: string, cookie = '') => {
    const response = await fetch(`${gateway.restUrl}/points/;at=1?${query}`, { headers: { cookie } })
    return response.ok ? 'sent' : /"location":"(\w+\W+\w+)/.exec(await response.text())?.[1]
  }
  expect([
    await call('where={"a":1.5,"b":[null]}'),
    await call('where={"a":1,"a":2}'),
    await call('where={"a":0.12345678901234567890}'),
    await call('where={"a":1e400}'),
    await call('where={"__proto__":1}'),
    await call('where={"a":'),
    await call('filter[a]=%ff'),
    await call('filter[a]=%'),
    await call('', 'session=a; other=b'),
    await call('', 'session=a; session=b'),
  ]).toEqual([
    'sent',
    ...Array(5).fill('query.where'),
    'query[\\"filter',
    'query[\\"filter',
    'sent',
    'cookie.session',
  ])
  expect(upstream.requests).toHaveLength(2)
})

test('of the headers of a message a document has no say, and of others it has', async () => {
  const names = ['Accept-Encoding', 'Content-Encoding', 'User-Agent', 'Accept-Language']
  const parameters = names.map((name) => ({ name, in: 'header', schema: { type: 'string' } }))
  const file = JSON.stringify({
    ...document,
    paths: { '/agent': { get: { operationId: 'agent', parameters } } },
  })
  await using upstream = await startUpstream()
  const baseUrls = new Map([['', upstream.url]])
  const { document: loaded, problems } = await load({ 'things.json': file }, { baseUrls })
  expect(problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    'warning: GET /agent is served without its header parameter "Accept-Encoding"',
    'warning: GET /agent is served without its header parameter "Content-Encoding"',
  ])
  await using gateway = await startGateway(upstream.url, {}, loaded && { document: loaded })
  const own = { 'accept-encoding': 'gzip', 'user-agent': 'own/1', 'accept-language': 'de' }
  await fetch(`${gateway.restUrl}/agent`, { headers: own })
  const values = { 'User-Agent': 'own/1', 'Accept-Language': 'de' }
  const params = { name: 'agent', arguments: values }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const headers = { 'content-type': 'application/json' }
  await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
  const sent = { ...own, 'accept-encoding': 'identity' }
  expect(upstream.requests.map((request) => request.headers)).toEqual(
    Array(2).fill(expect.objectContaining(sent)),
  )
})

test('a response with two types, or two places, is refused on both servers', async () => {
  const heads: Readonly<Record<string, readonly [number, string[]]>> = {
    '/json': [200, ['content-type', 'application/json', 'content-type', 'text/html']],
    '/same': [200, ['content-type', 'text/csv', 'content-type', 'text/csv']],
    '/error': [404, ['content-type', 'text/plain', 'content-type', 'application/json']],
    '/moved': [302, ['location', '/a', 'location', '/b']],
    '/file': [200, ['content-disposition', 'inline', 'content-disposition', 'attachment']],
  }
  await using upstream = await startUpstream(({ url }, response) => {
    const [status = 500, head = []] = heads[url] ?? []
    response.writeHead(status, head).end('{}')
  })
  const paths = Object.fromEntries(
    Object.keys(heads).map((url) => [url, { get: { operationId: url.slice(1), ...ok } }]),
  )
  const file = JSON.stringify({ ...document, paths })
  const { document: loaded } = await load(
    { 'things.json': file },
    { baseUrls: new Map([['', upstream.url]]) },
  )
  await using gateway = await startGateway(upstream.url, {}, loaded && { document: loaded })
  for (const url of Object.keys(heads)) {
    const rest = await fetch(gateway.restUrl + url, { redirect: 'manual' })
    const params = { name: url.slice(1), arguments: {} }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const headers = { 'content-type': 'application/json' }
    const mcp = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
    const told = [await rest.text(), await mcp.text()]
    expect([rest.status, ...told]).toEqual([502, ...Array(2).fill(expect.stringContaining('two headers '))])
    expect(told[1]).toContain('"isError":true')
  }
})

test('a body in another charset or coding is told what to change, whatever its type', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, { THINGS_BASE_URL: upstream.url }, { document })
  const type = 'application/x-www-form-urlencoded'
  for (const headers of [
    { 'content-type': `${type}; charset=iso-8859-1` },
    { 'content-type': type, 'content-encoding': 'gzip' },
  ]) {
    const response = await fetch(`${gateway.restUrl}/forms`, { method: 'POST', headers, body: 'size=7' })
    expect([response.status, Object(await response.json()).detail]).toEqual([
      415,
      'Send the body in UTF-8 and without a content encoding.',
    ])
  }
  // A coding has no case (RFC 9110 §8.4.1).
  const headers = { 'content-type': type, 'content-encoding': 'Identity' }
  const { status } = await fetch(`${gateway.restUrl}/forms`, { method: 'POST', headers, body: 'size=7' })
  expect(status).toBe(200)
})

test('a number is sent as it came, in whatever place, or is refused with a word on its spelling', async () => {
  const number = { type: 'number' }
  const list = { type: 'array', items: number }
  const map = { type: 'object', properties: { a: number } }
  const parameters = [
    path('id', { schema: number }),
    { name: 'one', in: 'query', schema: number },
    { name: 'many', in: 'query', schema: list },
    { name: 'joined', in: 'query', explode: false, schema: list },
    { name: 'deep', in: 'query', style: 'deepObject', schema: map },
    { name: 'pairs', in: 'query', explode: false, schema: map },
    { name: 'x-one', in: 'header', schema: number },
    { name: 'x-many', in: 'header', schema: list },
    { name: 'cookie', in: 'cookie', schema: number },
  ]
  const schema = { type: 'object', properties: { size: number } }
  const requestBody = { content: { 'application/x-www-form-urlencoded': { schema } } }
  const paths = { '/n/{id}': { post: { operationId: 'n', ...ok, parameters, requestBody } } }
  await using upstream = await startUpstream()
  const environment = { THINGS_BASE_URL: upstream.url }
  await using gateway = await startGateway(upstream.url, environment, { document: { ...document, paths } })
  const call = async (text: string) => {
    const raw = encodeURIComponent(text)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const places: readonly [string, RequestInit?][] = [
      [`/n/${raw}`],
      ...[`one=${raw}`, `many=${raw}&many=1`, `joined=1,${raw}`, `deep[a]=${raw}`, `pairs=a,${raw}`].map(
        (query): [string] => [`/n/1?${query}`],
      ),
      ['/n/1', { headers: { 'x-one': `${text}` } }],
      ['/n/1', { headers: { 'x-many': `1,${text}` } }],
      ['/n/1', { headers: { cookie: `cookie=${raw}` } }],
      ['/n/1', { headers: form, body: `size=${raw}` }],
    ]
    const told = new Set<string>()
    for (const [url, init] of places) {
      const response = await fetch(gateway.restUrl + url, { method: 'POST', ...init })
      const reason = /shortest spelling/.test(await response.text()) ? 'spelling' : 'other'
      const { url: target = '', headers = {}, body = '' } = upstream.requests.pop() ?? {}
      const all = [target, headers['x-one'], headers['x-many'], headers.cookie, body].join()
      told.add(response.ok ? `sent ${all.includes(text) || all.includes(raw)}` : reason)
    }
    return [...told].join()
  }
  expect(await call('1.5')).toBe('sent true')
  expect(await call('-2')).toBe('sent true')
  expect([await call('1e3'), await call('1.50'), await call('-0')]).toEqual(
    Array(3).fill('spelling,sent true'),
  )
  expect([await call('0x10'), await call('+1'), await call('0.12345678901234567890')]).toEqual([
    'spelling,other',
    'spelling,other',
    'spelling,sent true',
  ])
})

test('methods that only OpenAPI 3.2 has words for are served', async () => {
  const named = (operationId: string) => ({ operationId, ...ok })
  const paths = {
    '/things': { additionalOperations: { COPY: named('copy') } },
  }
  await using upstream = await startUpstream()
  const environment = { THINGS_BASE_URL: upstream.url }
  await using gateway = await startGateway(upstream.url, environment, { document: { ...document, paths } })
  await fetch(`${gateway.restUrl}/things`, { method: 'COPY' })
  expect(upstream.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['COPY /things'])
})

test('an idempotency key is the API’s own, unless an extension makes it the gateway’s', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, { THINGS_BASE_URL: upstream.url }, { document })
  const call = (path: string, headers: Record<string, string>) =>
    fetch(gateway.restUrl + path, { method: 'POST', headers })
  for (let count = 0; count < 2; count += 1) {
    await call('/charges', { 'idempotency-key': '"k"' })
    await call('/orders', { 'call-key': 'k' })
  }
  const sent = upstream.requests.map(({ url, headers }) => [
    url,
    headers['idempotency-key'],
    headers['call-key'],
  ])
  expect(sent).toEqual([
    ['/charges', '"k"', undefined],
    ['/orders', undefined, undefined],
    ['/charges', '"k"', undefined],
  ])
})

test('a keyword that no schema can have costs itself alone', async () => {
  const body = {
    type: 'object',
    properties: {
      broken: { type: 'strange' },
      name: { pattern: '^\\@?[\\w-.]+$' },
      size: { type: 'integer' },
    },
  }
  const requestBody = { content: { 'application/json': { schema: body } } }
  const paths = { '/things': { post: { operationId: 'add', ...ok, requestBody } } }
  await using upstream = await startUpstream()
  const environment = { THINGS_BASE_URL: upstream.url }
  await using gateway = await startGateway(upstream.url, environment, { document: { ...document, paths } })
  const add = async (value: object) => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(value) }
    return (await fetch(`${gateway.restUrl}/things`, init)).status
  }
  expect([
    await add({ broken: 7, name: 'a-b', size: 1 }),
    await add({ name: '!' }),
    await add({ size: 'x' }),
  ]).toEqual([200, 400, 400])
})

test('path parameters whose names differ by case, separators or script alone each have a value of their own', async () => {
  const names = [
    ['org-id', 'orgId'],
    ['名', '姓'],
    ['-', '_'],
  ]
  const paths = names.map(([one = '', other = ''], index): [string, object] => {
    const get = { operationId: `get${index}`, ...ok, parameters: [path(other), path(one)] }
    return [`/a${index}/{${one}}/b/{${other}}`, { get }]
  })
  await using upstream = await startUpstream((_request, response) => respondJson(response, 200, '{}'))
  const file = JSON.stringify({ ...document, paths: Object.fromEntries(paths) })
  const { document: loaded, problems } = await load(
    { 'things.json': file },
    { baseUrls: new Map([['', upstream.url]]) },
  )
  expect(problems).toEqual([])
  await using gateway = await startGateway(upstream.url, {}, loaded && { document: loaded })
  const keys = ['org-id orgId', 'argument_2 argument', '- _'].map((one) => one.split(' '))
  for (const [index, [one = '', other = '']] of keys.entries()) {
    await fetch(`${gateway.restUrl}/a${index}/x/b/y`)
    const params = { name: `get${index}`, arguments: { [one]: 'x', [other]: 'y' } }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const headers = { 'content-type': 'application/json' }
    await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
  }
  expect(upstream.requests.map(({ url }) => url)).toEqual(
    [0, 1, 2].flatMap((index) => Array(2).fill(`/a${index}/x/b/y`)),
  )
})
