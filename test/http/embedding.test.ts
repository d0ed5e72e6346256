import { once } from 'node:events'
import { get } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import Fastify, { type FastifyServerOptions } from 'fastify'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { formatProblems } from '../../src/cli/descriptions.ts'
import { ConfigError } from '../../src/config/config.ts'
import { loadFiles } from '../../src/description/files.ts'
import { createGateway } from '../../src/index.ts'
import { composeGateway } from '../../src/library/composition.ts'
import calgate, { type CalgatePluginOptions } from '../../src/library/fastify.ts'
import { sendRaw } from '../attack/raw-http.ts'
import { describeApi } from '../description/loading.ts'
import { startMcp } from '../mcp/example.ts'
import { writeKeys } from '../support/key-file.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const document = describeApi(
  { '/orders': { get: { operationId: 'list' } } },
  {
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  },
)

/** Calls the operation of an embedded gateway on both servers, and returns what authenticated the calls upstream. */
async function callEmbedded(options: Pick<CalgatePluginOptions, 'grant'>) {
  await using upstream = await startUpstream((_request, response) => respondJson(response, 200, {}))
  await using app = Fastify()
  const shop = { document, name: 'shop', baseUrl: upstream.url, credentials: { token: 'configured' } }
  await app.register(calgate, { prefix: '/shop', descriptions: [shop], ...options })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const headers = { authorization: 'Bearer session-of-the-app', 'content-type': 'application/json' }
  const params = { name: 'list', arguments: {} }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  await fetch(`${url}/shop/orders`, { headers })
  await fetch(`${url}/shop/mcp`, { method: 'POST', headers, body })
  const served = await (await fetch(`${url}/shop/openapi.json`)).json()
  return { sent: upstream.requests.map((one) => one.headers.authorization), served: Object(served) }
}

describe('a gateway in an app', () => {
  it('that authenticates clients sends nothing of their Authorization to the API', async () => {
    const { sent, served } = await callEmbedded({ grant: () => ({ name: 'ada' }) })
    expect(sent).toEqual(Array(2).fill('Bearer configured'))
    expect(served.components.securitySchemes).toEqual({})
  })

  it('that does not is a pass-through gateway', async () => {
    const { sent } = await callEmbedded({})
    expect(sent).toEqual(Array(2).fill('Bearer session-of-the-app'))
  })
})

describe('a header that a hook of the app sets', () => {
  const named = ['X-Tenant', 'X-Added', 'X-Text'].map((name) => ({ name, in: 'header', schema: {} }))
  const things = describeApi({ '/things': { get: { operationId: 'list', parameters: named } } })

  it.each([
    ['is the text that a client sends', ['X-Tenant: other']],
    ['is the text of two lines', ['X-Tenant: other', 'X-Tenant: more']],
    ['stands beside another that stands more than once', ['X-Tenant: other', ...Array(4).fill('Accept: a')]],
    ['is named by Connection', ['X-Tenant: other', 'Connection: x-tenant, x-added']],
  ])('reaches the API where it %s', async (_, lines) => {
    expect(await call([...lines, 'X-Text: a'])).toEqual([['own', 'added', 'a']])
  })

  it('hides no other header that stands more than once, or that Connection names', async () => {
    expect(await call(['X-Text: a', 'X-Text: b'])).toEqual([])
    expect(await call(['X-Text: a', 'Connection: x-text'])).toEqual([['own', 'added', undefined]])
  })

  /** Gives what the API got of the headers, where it got a call. */
  async function call(lines: readonly string[]) {
    await using upstream = await startUpstream((_request, response) => respondJson(response, 200, {}))
    await using app = Fastify()
    app.addHook('onRequest', async ({ headers }) =>
      Object.assign(headers, { 'x-tenant': 'own', 'x-added': 'added' }),
    )
    await app.register(calgate, { descriptions: [{ document: things, name: 'shop', baseUrl: upstream.url }] })
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const head = ['GET /things HTTP/1.1', 'Host: localhost', ...lines, '', ''].join('\r\n')
    await sendRaw(Number(port), Buffer.from(head))
    return upstream.requests.map(({ headers }) => named.map(({ name }) => headers[name.toLowerCase()]))
  }
})

it('a client that sends too many bytes to an app learns why, and loses its connection', async () => {
  const content = { 'application/octet-stream': {} }
  const files = describeApi({ '/files': { post: { operationId: 'add', requestBody: { content } } } })
  await using upstream = await startUpstream()
  await using app = Fastify()
  const shop = { document: files, name: 'shop', baseUrl: upstream.url }
  await app.register(calgate, { descriptions: [shop], fileLimit: 5_000 })
  const socket = openConnection(await app.listen({ host: '127.0.0.1', port: 0 }))
  const head = 'POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n'
  // In one piece, of which nothing is left unread, so that the end of the connection is no reset.
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n30d40\r\n${'a'.repeat(200_000)}\r\n`)
  const received = await readAll(socket)
  expect(received).toMatch(/^HTTP\/1\.1 413 /)
})

describe('a setting that would authenticate clients', () => {
  const shop = { document, name: 'shop', baseUrl: 'https://api.example.org' }
  it.each([
    { gatewayKeysFile: 'keys.json' },
    { oauthIssuer: 'https://issuer.example.org' },
    { oauthJwksUrl: 'https://issuer.example.org/keys' },
    { oauthAudience: 'https://shop.example.org' },
  ])('is refused in an app: %j', async (settings) => {
    await using app = Fastify()
    const [name] = Object.keys(settings)
    await expect(app.register(calgate, { descriptions: [shop], ...settings })).rejects.toThrow(
      `${name} authenticates nobody in an app: authenticate clients in a hook of the app, and say by \`grant\` what each may do`,
    )
  })

  it('may be empty', async () => {
    await using app = Fastify()
    await app.register(calgate, { descriptions: [shop], oauthIssuer: '' })
    expect(app.hasRoute({ method: 'POST', url: '/mcp' })).toBe(true)
  })
})

describe('a wrong setting of a program', () => {
  const pinned = { name: 'tenant', in: 'query', 'x-pin': {}, schema: { type: 'string' } }
  const described = describeApi(
    { '/orders': { get: { operationId: 'list', parameters: [pinned] } } },
    {
      security: [{ token: [] }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  )
  const shop = { document: described, name: 'shop', baseUrl: 'https://api.example.org' }
  const { name: _, document: __, ...filed } = { ...shop, file: 'shop.yaml' }
  const describes = (more: object) => ({ descriptions: [{ ...shop, ...more }] })
  const credential = 'descriptions.0.credentials.token'

  it.each<[string, object, string]>([
    ['unknown', { allowDelet: false }, 'allowDelet is no setting; expected allowDelete'],
    ['unknown', { mcp: { tokens: 'withhold' } }, 'mcp is no setting'],
    ['unknown', describes({ pin: {} }), 'descriptions.0.pin is no setting'],
    [
      'undefined',
      describes({ credentials: { token: undefined } }),
      `${credential} is not set; expected a text`,
    ],
    ['undefined', describes({ pins: { tenant: undefined } }), 'descriptions.0.pins.tenant is not set'],
    [
      'empty',
      describes({ credentials: { token: '' } }),
      `${credential} has another form; expected the credential`,
    ],
    ['empty', describes({ pins: { tenant: '' } }), 'descriptions.0.pins.tenant has another form'],
    ['null', describes({ credentials: { token: null } }), `${credential} is empty`],
    ['a number', describes({ credentials: { token: 5 } }), `${credential} is a number; expected a text`],
    ['a number', describes({ pins: { tenant: 5 } }), 'descriptions.0.pins.tenant is a number'],
    ['of a file', describes({ credentials: { token: 'env:planted' } }), `${credential} has another form`],
    ['of a file', describes({ credentials: { token: 'file:planted' } }), `${credential} has another form`],
    [
      'of another form',
      describes({ credentials: { token: 'planted ä' } }),
      `${credential} must be 1 to 512 visible`,
    ],
    ['a text', { tags: 'planted' }, 'tags is a text; expected a list'],
    ['a map', { descriptions: shop }, 'descriptions is a map; expected a list'],
    ['undefined', { descriptions: [undefined] }, 'descriptions.0 is not set'],
    ['a text', { readOnly: 'false' }, 'readOnly is a text; expected true or false'],
    ['a text', { strict: 'planted' }, 'strict is a text; expected true or false'],
    ['a number', { rateLimit: 600 }, 'rateLimit is a number; expected a text'],
    ['of another form', { rateLimit: 'planted' }, 'rateLimit must be off, or a number per s'],
    ['of another form', { otelExporterOtlpEndpoint: 'planted' }, 'otelExporterOtlpEndpoint must be'],
    [
      'a URL with a query',
      describes({ baseUrl: 'https://h?token=planted' }),
      'descriptions.0.baseUrl has another form',
    ],
    ['not set', describes({ baseUrl: undefined }), 'baseUrl must be set'],
    ['a text', describes({ document: 'planted' }), 'descriptions.0.document is a text; expected a map'],
    [
      'of a document',
      { descriptions: [{ ...filed, name: 'a' }] },
      'descriptions.0.name is about the document',
    ],
    ['of a file', { descriptions: [{ prefix: '/a' }] }, 'descriptions.0.prefix is about the file'],
    ['ignored', describes({ file: 'shop.yaml' }), 'descriptions.0 has a file and a document; expected one'],
    ['ignored', { descriptions: [shop, { baseUrl: 'https://a.example' }] }, 'descriptions.1 has no file'],
    ['no logger', { logger: null }, 'logger is no logger; expected one of pino'],
    ['no logger', { logger: {} }, 'logger is no logger; expected one of pino'],
  ])('is refused by its member: %s, %j', async (_what, settings, message) => {
    const refused: unknown = await composeGateway({ descriptions: [shop], ...settings }).catch(
      (error: unknown) => error,
    )
    expect(refused).toBeInstanceOf(ConfigError)
    expect(String(refused)).toContain(message)
    expect(String(refused)).not.toMatch(/planted|\b[A-Z]+_[A-Z]|--/)
    await expect(createGateway({ descriptions: [shop], ...settings })).rejects.toThrow(message)
    await using app = Fastify()
    await expect(app.register(calgate, { descriptions: [shop], ...settings })).rejects.toThrow(message)
  })

  it('may be left out as undefined where there is a default', async () => {
    const settings = {
      rateLimit: undefined,
      logger: undefined,
      tags: undefined,
      ...describes({ pins: undefined }),
    }
    const { gateway } = await composeGateway(Object(settings))
    await gateway.close()
  })

  it('is told with all others', async () => {
    const settings = { ...describes({ credentials: { token: '' } }), strict: 'no', logger: {} }
    const refused = await composeGateway(Object(settings)).catch((error: unknown) => error)
    expect(String(refused).split('\n')).toHaveLength(3)
  })
})

it('a gateway that is refused when it is composed leaves no connection to Redis behind', async () => {
  let connections = 0
  await using redis = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(redis, 'listening')
  const { port } = redis.address() as AddressInfo
  using keys = writeKeys([`one ${'0'.repeat(64)} unknown:scope`])
  using stateKey = writeKeys(['k'.repeat(32)])
  const shared = { redisUrl: `redis://127.0.0.1:${port}`, stateKeyFile: stateKey.path }
  await expect(createGateway({ ...shared, gatewayKeysFile: keys.path })).rejects.toThrow('unknown:scope')
  const before = connections
  await wait(600)
  expect([before > 0, connections]).toEqual([true, before])
})

describe('a log that a program brings', () => {
  const open = () => {
    const lines: string[] = []
    return { lines, logger: pino({ level: 'error' }, { write: (line: string) => lines.push(line) }) }
  }
  const fail = () => {
    throw new TypeError('planted message', {
      cause: Object.assign(new Error('planted cause'), { code: 'EX' }),
    })
  }

  it('has type and codes of an unexpected error, and neither message nor stack', async () => {
    const { lines, logger } = open()
    const shop = { document, name: 'shop', baseUrl: 'https://api.example.org' }
    const { gateway } = await composeGateway(
      { descriptions: [shop], logger },
      { authenticates: true, grant: fail },
    )
    await gateway.rest.inject('/orders')
    const payload = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    await gateway.mcp.inject({ method: 'POST', url: '/mcp', payload })
    await gateway.close()
    const err = { type: 'TypeError', cause: { type: 'Error', code: 'EX' } }
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'failed', err },
      { msg: 'failed', err },
    ])
    expect(lines.join()).not.toMatch(/planted|stack/)
  })

  it('has neither of a tool that failed', async () => {
    const { lines, logger } = open()
    await using mcp = await startMcp(fail, { logger })
    const params = { name: 'get-book', arguments: { shopId: 'abc', bookId: 7, 'x-example-secret': 's' } }
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    await fetch(mcp.url, { method: 'POST', headers, body })
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'a tool failed', err: { type: 'TypeError' } },
    ])
    expect(lines.join()).not.toMatch(/planted|stack/)
  })
})

describe('what is left out of descriptions, and what they are warned of', () => {
  const faulty = describeApi({
    '/orders/{id}': { get: { operationId: 'list' } },
    '/orders/{name}': { get: { operationId: 'again' } },
    '/orders': { post: { operationId: 'add', requestBody: { $ref: '#/components/requestBodies/Gone' } } },
    '/items': { get: { operationId: 'items', parameters: [{ name: 'id', in: 'path', required: true }] } },
  })
  const descriptions = [{ document: faulty, name: 'shop', baseUrl: 'https://api.example.org' }]
  const open = () => {
    const lines: string[] = []
    const write = (line: string) => lines.push(JSON.parse(line).msg)
    return { lines, logger: pino({ level: 'warn' }, { write }) }
  }

  it('stands in the log of a program, and of an app, as the command says it', async () => {
    const text = { file: 'shop.json', text: JSON.stringify(faulty) }
    const { problems } = await loadFiles([text], { baseUrls: ['https://api.example.org'] })
    const [program, app] = [open(), open()]
    const gateway = await createGateway({ descriptions, logger: program.logger })
    await gateway.close()
    await using embedding = Fastify({ loggerInstance: app.logger })
    await embedding.register(calgate, { descriptions })
    expect(new Set(problems.map(({ severity }) => severity))).toEqual(new Set(['omission', 'warning']))
    const told = formatProblems(problems).trimEnd().split('\n')
    expect([program.lines, app.lines]).toEqual([told, told])
  })
})

describe('what stands below a prefix', () => {
  const things = describeApi({
    '/things': { get: { operationId: 'list' } },
    '/things/{id}': {
      get: {
        operationId: 'read',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      },
    },
  })

  it.each<[string, string, string?, FastifyServerOptions?]>([
    ['/:tenant/api', '/acme/api'],
    ['/:tenant/api', '/a%2Fb/api'],
    ['/:tenant/api', '//api'],
    ['/:from-:to', '/2026-27'],
    ['/:tenant/', '/acme'],
    ['/größe', '/gr%C3%B6%C3%9Fe'],
    ['/shop', '/%73hop'],
    ['/shop', '/shop', 'http://localhost'],
    ['/shop', '/SHOP', '', { routerOptions: { caseSensitive: false } }],
    ['/shop', '//shop', '', { routerOptions: { ignoreDuplicateSlashes: true } }],
    ['/:a//api', '//a/api', '', { routerOptions: { ignoreDuplicateSlashes: true } }],
    ['', ''],
    ['', '', 'http://localhost'],
  ])('%s is passed on as it was sent below %s', async (prefix, sent, authority = '', options = {}) => {
    await using upstream = await startUpstream((_request, response) => respondJson(response, 200, {}))
    await using app = Fastify(options)
    const shop = { document: things, name: 'shop', baseUrl: upstream.url }
    await app.register(calgate, { prefix, descriptions: [shop] })
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    for (const rest of ['/things', '/things/a%2Fb%20c', '/things/api', '/openapi.json']) {
      const request = get({ host: '127.0.0.1', port, path: `${authority}${sent}${rest}` })
      const [response] = await once(request, 'response')
      expect([rest, response.statusCode, await text(response)]).toEqual([rest, 200, expect.any(String)])
    }
    const paths = ['/things', '/things/a%2Fb%20c', '/things/api']
    expect(upstream.requests.map(({ url }) => url)).toEqual(paths)
  })
  it('needs a prefix whose segments can be counted', async () => {
    await using app = Fastify()
    const shop = { document: things, name: 'shop', baseUrl: 'https://api.example.org' }
    await expect(app.register(calgate, { prefix: '/:year([^/]+)', descriptions: [shop] })).rejects.toThrow(
      'the prefix /:year([^/]+) has a pattern: name its parameters without',
    )
  })
})
