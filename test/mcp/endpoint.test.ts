import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { answer, createOptions, secretValue, startMcp } from './example.ts'

const oldHeaders = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
}
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}
const newHeaders = { ...oldHeaders, 'mcp-protocol-version': '2026-07-28' }
const getBook = { name: 'get-book', arguments: { shopId: 'abc', bookId: 7, 'x-example-secret': secretValue } }

let server: Awaited<ReturnType<typeof startMcp>>
beforeAll(async () => {
  server = await startMcp()
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => {
  server.calls.length = 0
})

async function post(body: unknown, headers: Record<string, string> = oldHeaders, url = server.url) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(url, { method: 'POST', headers, body: text })
  const received = await response.text()
  const type = response.headers.get('content-type')
  return {
    status: response.status,
    type,
    allow: response.headers.get('allow'),
    body: received && JSON.parse(received),
  }
}

function ask(method: string, params: object = {}, id: unknown = 1) {
  return { jsonrpc: '2.0', id, method, params }
}

function askNew(method: string, params: object = {}, id: unknown = 1) {
  return ask(method, { ...params, _meta: envelope }, id)
}

/** The two ways the 2026-07-28 era is served: letter for letter, and through the SDK's own ladder. */
const spellings = [
  ['get-book', 'plain'],
  [`=?base64?${btoa('get-book')}?=`, 'encoded'],
] as const

describe('the endpoint', () => {
  it('answers at the root as at /mcp', async () => {
    const { status, body } = await post(ask('ping'), oldHeaders, server.url.replace(/mcp$/, ''))
    expect([status, body]).toEqual([200, { jsonrpc: '2.0', id: 1, result: {} }])
  })

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'refuses %s and names what it takes',
    async (method) => {
      const response = await fetch(server.url, { method, headers: { accept: 'text/event-stream' } })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
      expect(await response.json()).toMatchObject({
        id: null,
        error: { data: { code: 'method_not_allowed' } },
      })
    },
  )

  it('refuses HEAD likewise, without a body', async () => {
    const response = await fetch(server.url, { method: 'HEAD' })
    expect([response.status, response.headers.get('allow'), await response.text()]).toEqual([405, 'POST', ''])
  })

  it('refuses a DELETE with a broken body for its method, not for its body', async () => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(server.url, { method: 'DELETE', headers, body: '{' })
    expect(response.status).toBe(405)
  })

  it.each([
    ['no JSON', '{', null],
    ['nothing', '', null],
    ['two readings', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', null],
    ['a __proto__ key', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{}}}', 1],
    ['nesting beyond 64 levels', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, null],
    ['more than 2,000 elements', JSON.stringify(ask('ping', { list: Array(2000).fill(1) }, 'a')), 'a'],
  ])('answers a parse error to a body with %s', async (_, text, id) => {
    const { status, type, body } = await post(text)
    expect([status, type]).toEqual([400, 'application/json; charset=utf-8'])
    expect(body).toMatchObject({
      jsonrpc: '2.0',
      id,
      error: { code: -32700, data: { code: 'malformed_json' } },
    })
  })

  it('reads a body of 64 levels', async () => {
    const { status } = await post(ask('ping', { deep: JSON.parse(`${'['.repeat(62)}${']'.repeat(62)}`) }))
    expect(status).toBe(200)
  })

  it('refuses more than 128 KiB', async () => {
    const { status, body } = await post(ask('ping', { text: 'x'.repeat(128 * 1024) }))
    expect(status).toBe(413)
    expect(body).toMatchObject({ id: null, error: { code: -32000, data: { code: 'body_too_large' } } })
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'text/plain; a=application/json'])(
    'refuses the content type %s',
    async (type) => {
      const { status, body } = await post(ask('ping'), { ...oldHeaders, 'content-type': type })
      expect(status).toBe(415)
      expect(body).toMatchObject({ error: { data: { code: 'unsupported_media_type' } } })
    },
  )

  it('takes a content type with a charset', async () => {
    const { status } = await post(ask('ping'), {
      ...oldHeaders,
      'content-type': 'application/json; charset=utf-8',
    })
    expect(status).toBe(200)
  })

  it('refuses a POST without a body', async () => {
    const response = await fetch(server.url, { method: 'POST' })
    expect(response.status).toBe(415)
  })

  it.each(['text/event-stream', 'text/html', 'application/jsonx'])(
    'refuses to answer %s alone',
    async (accept) => {
      expect(await post(ask('ping'), { ...oldHeaders, accept })).toMatchObject({
        status: 406,
        body: { id: null },
      })
    },
  )

  it.each(['*/*', 'application/*;q=0.5', 'text/html, application/json'])(
    'answers JSON to %s',
    async (accept) => {
      expect(await post(ask('ping'), { ...oldHeaders, accept })).toMatchObject({ status: 200 })
    },
  )

  it('checks Origin before it reads a body', async () => {
    const { status, body } = await post('{', { ...oldHeaders, origin: 'https://evil.example' })
    expect(status).toBe(403)
    expect(body).toMatchObject({ id: null, error: { data: { code: 'origin_not_allowed' } } })
  })

  it.each([7, 'x', null, true, {}, { jsonrpc: '2.0' }, { jsonrpc: '1.0', id: 1, method: 'ping' }, []])(
    'answers an invalid request to %j',
    async (message) => {
      const { status, body } = await post(JSON.stringify(message))
      expect([status, body.error.code]).toEqual([400, -32600])
    },
  )

  it('gives neither era the headers of a session', async () => {
    const initialize = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    }
    const response = await fetch(server.url, {
      method: 'POST',
      headers: oldHeaders,
      body: JSON.stringify(ask('initialize', initialize)),
    })
    expect(response.headers.has('mcp-session-id')).toBe(false)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('logs nothing that the caller wrote', async () => {
    await post(ask('tools/call', { ...getBook, name: 'burn-nothing' }))
    await post(askNew('tools/call', getBook), {
      ...newHeaders,
      'mcp-method': 'tools/call',
      'mcp-name': 'nope',
    })
    await post(`{"${secretValue}"`)
    expect(server.logged.length).toBeGreaterThan(0)
    expect(server.logged.join()).not.toMatch(RegExp(`${secretValue}|burn-nothing|nope`))
  })
})

describe('the initialize era', () => {
  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'agrees on %s',
    async (protocolVersion) => {
      const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'c', version: '1' } }
      const { body } = await post(ask('initialize', params), { 'content-type': 'application/json' })
      expect(body.result).toMatchObject({
        protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'calgate' },
      })
    },
  )

  it('offers its newest version to a client of a version it does not know', async () => {
    const params = {
      protocolVersion: '1999-01-01',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    }
    const { body } = await post(ask('initialize', params), {
      ...oldHeaders,
      'mcp-protocol-version': '1999-01-01',
    })
    expect(body.result.protocolVersion).toBe('2025-11-25')
  })

  it('refuses a header with a version it does not know', async () => {
    const { status, body } = await post(ask('tools/list'), {
      ...oldHeaders,
      'mcp-protocol-version': '1999-01-01',
    })
    expect([status, body.id, body.error.code]).toEqual([400, 1, -32000])
    expect(body.error.message).toContain('2025-11-25')
  })

  it.each([
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
    { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } },
  ])('accepts %j without an answer', async (message) => {
    expect(await post(message)).toMatchObject({ status: 202, body: '' })
  })

  it('keeps the id of the caller, whatever its type', async () => {
    const answers = await Promise.all(['1', 1, 0, 'é', -7].map((id) => post(ask('ping', {}, id))))
    expect(answers.map(({ body }) => body.id)).toEqual(['1', 1, 0, 'é', -7])
  })

  it('answers a batch in its order, without the notifications', async () => {
    const headers = { ...oldHeaders, 'mcp-protocol-version': '2025-03-26' }
    const batch = [
      ask('tools/list', {}, 'a'),
      { jsonrpc: '2.0', method: 'notifications/x' },
      ask('ping', {}, 'a'),
    ]
    const { status, body } = await post(batch, headers)
    expect([status, body.length, body[0].id]).toEqual([200, 2, 'a'])
    expect(body[0].result.tools).toHaveLength(4)
    expect(body[1]).toEqual({ jsonrpc: '2.0', id: 'a', result: {} })
  })

  it('answers the messages of a batch one by one, whatever is wrong with one of them', async () => {
    const headers = { ...oldHeaders, 'mcp-protocol-version': '2025-03-26' }
    const batch = [
      ask('tools/call', getBook, 1),
      7,
      ask('tools/call', { name: 'nope' }, 2),
      ask('tools/call', { name: 7 }, 3),
      ask('no/such', {}, 4),
      ask('tools/call', getBook, 5),
      { id: 6, method: 'ping' },
    ]
    const { status, body } = await post(batch, headers)
    expect(status).toBe(200)
    expect(body.map((one: object) => [Object(one).id, Object(one).error?.code])).toEqual([
      [1, undefined],
      [null, -32600],
      [2, -32602],
      [3, -32602],
      [4, -32601],
      [5, undefined],
      [6, -32600],
    ])
    expect(server.calls).toHaveLength(2)
  })

  it('connects a client whose initialize has details that nobody needs', async () => {
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: { sampling: null, roots: { listChanged: null } },
      clientInfo: { name: 'c', version: '1', title: null, icons: [{ src: 'data:,', sizes: '16x16' }] },
    }
    const { status, body } = await post(ask('initialize', params))
    expect([status, body.result?.protocolVersion]).toEqual([200, '2025-06-18'])
    const without = await post(ask('initialize', { ...params, capabilities: null, task: {} }))
    expect(without.body.error?.code).toBe(-32602)
  })

  it.each([
    [{ ...ask('tools/list'), params: null }, 1],
    [{ ...ask('tools/list'), params: [] }, 1],
    [ask('ping', {}, 1.5), 1.5],
    [ask('ping', {}, {}), null],
    [{ id: 'x', method: 'ping' }, 'x'],
  ])('repeats the id of a request that it refuses: %j', async (message, id) => {
    const { status, body } = await post(message)
    expect([status, body.id, body.error.code]).toEqual([400, id, -32600])
  })

  it('refuses batches from 2025-06-18 on, a batched initialize and endless batches', async () => {
    const { 'mcp-protocol-version': _, ...headers } = oldHeaders
    const params = {
      protocolVersion: '2025-03-26',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    }
    const answers = [
      await post([ask('ping')]),
      await post([ask('initialize', params), ask('ping')], headers),
      await post(Array(101).fill(ask('ping')), headers),
    ]
    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual(Array(3).fill([400, -32600]))
  })

  it('names every revision that it serves where it refuses another', async () => {
    const { status, body } = await post(ask('ping'), { ...oldHeaders, 'mcp-protocol-version': '2020-01-01' })
    expect([status, body.error.code]).toEqual([400, -32000])
    for (const version of ['2026-07-28', '2025-11-25', '2024-11-05'])
      expect(body.error.message).toContain(version)
  })

  it.each(['/mcp/', '/sse', '/v1/mcp', '/mcp/x?y'])('says at %s where the endpoint is', async (path) => {
    const response = await fetch(new URL(path, server.url), { method: 'POST', body: '{}' })
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'route_not_found', detail: 'The endpoint is POST /mcp.' }),
    ])
  })

  it('ignores the wish to run a call as a task, as a server without that capability must', async () => {
    const { body } = await post(ask('tools/call', { ...getBook, task: { ttl: 1000 } }))
    expect(body.result.structuredContent).toEqual({ status: 'success', data: {} })
  })

  it.each([
    ['tools/call', { name: 'nope' }, -32602],
    ['tools/call', {}, -32602],
    ['tools/call', { name: 7 }, -32602],
    ['tools/call', { name: 'get-book', arguments: [] }, -32602],
    ['tools/call', { name: 'get-book', arguments: 'x' }, -32602],
    ['tools/call', { name: 'get-book', arguments: null }, -32602],
    ['tools/list', { cursor: 'x' }, -32602],
    ['resources/list', {}, -32601],
    ['server/discover', {}, -32601],
    ['no/such', {}, -32601],
  ])('answers %s with %j by the error %i', async (method, params, code) => {
    const { status, body } = await post(ask(method, params))
    expect([status, body.id, body.error.code]).toEqual([200, 1, code])
    expect(server.calls).toEqual([])
  })

  it('refuses an initialize that says too little, in its own words', async () => {
    const { status, body } = await post(ask('initialize'))
    expect([status, body.id, body.error]).toEqual([
      400,
      1,
      { code: -32602, message: 'The parameters of initialize are not complete' },
    ])
  })

  it.each([
    ['initialize era', oldHeaders, undefined],
    ['2026-07-28', { ...newHeaders, 'mcp-method': 'tools/list' }, envelope],
  ])('lists no argument for a secret that the connection brings (%s)', async (_, headers, _meta) => {
    const list = ask('tools/list', _meta ? { _meta } : {})
    const asked = await post(list, headers)
    const brought = await post(list, { ...headers, 'x-example-secret': secretValue })
    expect(JSON.stringify(asked.body.result.tools)).toContain('"x-example-secret":{')
    expect(JSON.stringify(brought.body.result.tools)).not.toContain('x-example-secret')
    expect(brought.body.result.tools).toHaveLength(4)
  })

  it('tells a call that names no tool from one that names another', async () => {
    const { body } = await post(ask('tools/call', { name: ['get-book'] }))
    expect(body.error.message).toContain('names no tool')
  })

  it('takes a call without arguments for one with none', async () => {
    const { body } = await post(ask('tools/call', { name: 'get-book' }))
    expect(body.result.content[0].text).toContain('shopId: is required')
  })
})

describe('the 2026-07-28 era', () => {
  const call = (name: string, more: Record<string, string> = {}) => ({
    ...newHeaders,
    'mcp-method': 'tools/call',
    'mcp-name': name,
    ...more,
  })

  it.each(spellings)('serves a call whose header says %s (%s)', async (name) => {
    const { status, body } = await post(askNew('tools/call', getBook, 'mine'), call(name))
    expect([status, body.id]).toEqual([200, 'mine'])
    expect(body.result).toMatchObject({
      resultType: 'complete',
      structuredContent: { status: 'success', data: {} },
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'calgate', version: '1.2.3' } },
    })
    expect(server.calls).toHaveLength(1)
  })

  it.each(spellings)('takes the secret from the header of the request (%s, %s)', async (name) => {
    const { 'x-example-secret': _, ...values } = getBook.arguments
    const headers = call(name, { 'x-example-secret': 'of-the-header' })
    await post(askNew('tools/call', { ...getBook, arguments: values }), headers)
    expect(server.calls[0]?.input).toMatchObject({ header: { 'x-example-secret': 'of-the-header' } })
  })

  it('describes itself', async () => {
    const { body } = await post(askNew('server/discover'), { ...newHeaders, 'mcp-method': 'server/discover' })
    expect(body.result).toMatchObject({
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      ttlMs: 300_000,
      cacheScope: 'private',
    })
  })

  it('lets its list of tools be kept for a while', async () => {
    const { body } = await post(askNew('tools/list'), { ...newHeaders, 'mcp-method': 'tools/list' })
    expect(body.result).toMatchObject({ ttlMs: 300_000, cacheScope: 'private' })
    expect(body.result.tools).toHaveLength(4)
  })

  it('serves a client whose envelope has details that nobody needs', async () => {
    const meta = {
      ...envelope,
      'io.modelcontextprotocol/clientInfo': {
        name: 'c',
        version: '1',
        title: null,
        icons: [{ sizes: '16x16' }],
      },
      'io.modelcontextprotocol/clientCapabilities': { sampling: null, elicitation: { form: null, url: {} } },
    }
    for (const method of ['tools/list', 'server/discover']) {
      const { status } = await post(ask(method, { _meta: meta }), { ...newHeaders, 'mcp-method': method })
      expect([method, status]).toEqual([method, 200])
    }
  })

  it.each([
    ['no Mcp-Method', askNew('tools/list'), newHeaders, 400, -32020],
    ['another Mcp-Method', askNew('tools/list'), { ...newHeaders, 'mcp-method': 'tools/call' }, 400, -32020],
    [
      'no Mcp-Name',
      askNew('tools/call', getBook),
      { ...newHeaders, 'mcp-method': 'tools/call' },
      400,
      -32020,
    ],
    ['another Mcp-Name', askNew('tools/call', getBook), call('burn-book'), 400, -32020],
    ['another version', askNew('tools/list'), { ...oldHeaders, 'mcp-method': 'tools/list' }, 400, -32020],
    ['no envelope', ask('tools/list'), { ...newHeaders, 'mcp-method': 'tools/list' }, 400, -32602],
    [
      'half an envelope',
      ask('tools/list', { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }),
      { ...newHeaders, 'mcp-method': 'tools/list' },
      400,
      -32602,
    ],
    [
      'a version to come',
      ask('tools/list', { _meta: { ...envelope, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } }),
      { ...newHeaders, 'mcp-method': 'tools/list', 'mcp-protocol-version': '2099-01-01' },
      400,
      -32022,
    ],
    ['a batch', [askNew('tools/list')], newHeaders, 400, -32600],
    ['an initialize', askNew('initialize'), { ...newHeaders, 'mcp-method': 'initialize' }, 404, -32601],
    ['a method of earlier revisions', askNew('ping'), { ...newHeaders, 'mcp-method': 'ping' }, 404, -32601],
    ['an unknown method', askNew('no/such'), { ...newHeaders, 'mcp-method': 'no/such' }, 404, -32601],
    [
      'a subscription',
      askNew('subscriptions/listen', { notifications: {} }),
      { ...newHeaders, 'mcp-method': 'subscriptions/listen' },
      404,
      -32601,
    ],
    ['an unknown tool', askNew('tools/call', { name: 'nope' }), call('nope'), 200, -32602],
    [
      'arguments that are a list',
      askNew('tools/call', { ...getBook, arguments: [] }),
      call('get-book'),
      200,
      -32602,
    ],
  ])('answers %s by the error the specification asks for', async (_, message, headers, status, code) => {
    const received = await post(message, headers)
    expect([received.status, received.body.error.code]).toEqual([status, code])
    expect(server.calls).toEqual([])
  })

  it('accepts a notification', async () => {
    const message = { jsonrpc: '2.0', method: 'notifications/x', params: { _meta: envelope } }
    expect(await post(message, newHeaders)).toMatchObject({ status: 202, body: '' })
  })
})

describe('numbers that JavaScript would round', () => {
  const headers = { ...newHeaders, 'mcp-method': 'tools/call', 'mcp-name': 'add-book' }
  const eras = [
    ['the initialize era', oldHeaders, ''],
    ['2026-07-28', headers, `,"_meta":${JSON.stringify(envelope)}`],
  ] as const

  const rounded = [
    [
      '"shopId":[0.12345678901234567890],"body":{"title":"T"}',
      'shopId[0]: has more digits than can be sent here: 21 of whole numbers, 15 of others; with fewer it is another number',
    ],
    ['"shopId":"abc","body":{"title":"T","binding":9007199254740993}', 'body.binding: must be one of 12, 24'],
  ] as const

  it.each(eras.flatMap((era) => rounded.map(([values, sentence]) => [...era, values, sentence] as const)))(
    'are refused in %s: as parameters, and in a body by its schema',
    async (_, own, meta, values, sentence) => {
      const params = `{"name":"add-book","arguments":{${values},"x-example-secret":"s"}${meta}}`
      const { body } = await post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`, own)
      expect(body.result.isError).toBe(true)
      expect(body.result.content[0].text).toContain(sentence)
      expect(server.calls).toEqual([])
    },
  )

  it.each([true, false])('are kept in results, redacted: %s', async (redactTokens) => {
    const text = '{"status":"success","data":{"id":9007199254740993,"title":"T"}}'
    const { options } = createOptions()
    const policy = { ...options.policy, redactTokens }
    await using own = await startMcp(() => answer(200, text), { policy })
    for (const more of [{}, { more: 1 }]) {
      const message = { ...ask('tools/call', { ...getBook, ...more }) }
      const response = await fetch(own.url, {
        method: 'POST',
        headers: oldHeaders,
        body: JSON.stringify(message),
      })
      expect(await response.text()).toContain(`"structuredContent":${text}`)
    }
  })
})

describe('a caller who leaves', () => {
  it.each([
    ['the initialize era', ask('tools/call', getBook), oldHeaders],
    [
      '2026-07-28',
      askNew('tools/call', getBook),
      { ...newHeaders, 'mcp-method': 'tools/call', 'mcp-name': 'get-book' },
    ],
    [
      '2026-07-28, carefully',
      askNew('tools/call', getBook),
      { ...newHeaders, 'mcp-method': 'tools/call', 'mcp-name': spellings[1][0] },
    ],
  ])('gives a read up, and the server answers the next one (%s)', async (_, message, headers) => {
    const arrived = Promise.withResolvers<void>()
    const given = Promise.withResolvers<void>()
    let first = true
    await using own = await startMcp(async ({ connection }) => {
      if (!first) return answer(200, {})
      first = false
      arrived.resolve()
      await new Promise<void>((resolve) => connection?.onDisconnect(resolve))
      given.resolve()
      throw new Error('nobody waits')
    })
    const { hostname, port } = new URL(own.url)
    const socket = connect(Number(port), hostname)
    const body = JSON.stringify(message)
    const lines = Object.entries({ ...headers, host: 'localhost', 'content-length': String(body.length) })
    socket.write(
      `POST /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    )
    await arrived.promise
    socket.destroy()
    await given.promise
    expect((await post(message, headers, own.url)).body.result.structuredContent).toEqual({})
  })
})
