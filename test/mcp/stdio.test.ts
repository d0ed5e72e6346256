import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createStdioOffer } from '../../src/mcp/server.ts'
import { openStdio } from '../../src/mcp/stdio.ts'
import { clients } from '../support/mcp-clients.ts'
import { folderVariable } from '../support/run-log.ts'
import { createOptions, messageLimit, secretValue, startMcp } from './example.ts'

const place = {
  command: process.execPath,
  args: [fileURLToPath(new URL('stdio-server.ts', import.meta.url))],
  env: {
    EXAMPLE_SECRET: secretValue,
    [folderVariable]: process.env[folderVariable] ?? '',
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
  },
}
const book = { shopId: 'abc', bookId: 7 }

describe.each(clients)('$client over stdio', ({ connect }) => {
  it('lists the tools, and calls one with the secret of the environment, whatever a model gives', async () => {
    const client = await connect(place)
    const { tools } = await client.listTools()
    expect(tools).toHaveLength(4)
    expect(JSON.stringify(tools)).not.toContain('x-example-secret')
    const lent = await client.callTool({ name: 'get-book', arguments: book })
    const own = await client.callTool({ name: 'get-book', arguments: { ...book, 'x-example-secret': 'own' } })
    expect(lent.structuredContent).toMatchObject({ input: { header: { 'x-example-secret': secretValue } } })
    expect(own.structuredContent).toMatchObject({ input: { header: { 'x-example-secret': secretValue } } })
    await client.close()
  })

  it('is refused a call without any secret', async () => {
    const client = await connect({ ...place, env: {} })
    const result = await client.callTool({ name: 'get-book', arguments: book })
    expect(result.content).toMatchObject([{ text: expect.stringContaining('BOOKLAND_SECRET') }])
    await client.close()
  })
})

function ask(method: string, params: object = {}, id: unknown = 1) {
  return { jsonrpc: '2.0', id, method, params }
}

function open(protocolVersion: string) {
  const clientInfo = { name: 'c', version: '1' }
  return ask('initialize', { protocolVersion, capabilities: {}, clientInfo }, 0)
}

/** Lines that are refused, each with the id and the code of the error. */
const refused: readonly (readonly [string, unknown, number])[] = [
  [JSON.stringify([ask('ping', { a: 'x'.repeat(messageLimit) }, 99)]), null, -32000],
  ['{broken', null, -32700],
  ['\ufeff{"jsonrpc":"2.0","id":99,"method":"ping"}', null, -32700],
  ['{"jsonrpc":"2.0","id":99,"id":99,"method":"ping"}', null, -32700],
  [`{"jsonrpc":"2.0","id":99,"method":"ping","params":{"a":${'['.repeat(63)}${']'.repeat(63)}}}`, 99, -32700],
  ['7', null, -32600],
  ['{}', null, -32600],
  ['[]', null, -32600],
  ['{"jsonrpc":"2.0","id":99.5,"method":"ping"}', 99.5, -32600],
  ['{"jsonrpc":"2.0","id":99,"method":"tools/list","params":null}', 99, -32600],
  ['{"jsonrpc":"2.0","id":99,"method":"tools/list","params":[]}', 99, -32600],
  ['{"id":99,"method":"tools/list","params":{}}', 99, -32600],
  ['{"jsonrpc":"2.0","id":99,"method":"tools/list","params":{"cursor":"x"}}', 99, -32602],
  ['{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":7}}', 99, -32602],
  [
    '{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":"burn-book","arguments":{"bookId":1,"bookId":2}}}',
    99,
    -32700,
  ],
  [JSON.stringify(ask('ping', { list: Array(2000).fill(1) }, '99')), '99', -32700],
  ['{"jsonrpc":"2.0","id":99,"method":"ping","params":{"__proto__":1}}', 99, -32700],
  ['{"jsonrpc":"2.0","id":99,"method":"ping","__proto__":1}', 99, -32700],
  ['{"jsonrpc":"2.0","id":99,"method":"ping","method":"tools/list"}', null, -32700],
  ['{"jsonrpc":"2.0","id":{"a":1},"method":"ping","params":{"a":1,"a":1}}', null, -32700],
]

const filling = 'x'.repeat(messageLimit)
const params = `"params":{"id":7,"a":"${filling}"}`
/** What stands in a line that is too long, with the id of the refusal. */
const tooLong: readonly (readonly [string, string, string])[] = [
  ['the id first', `{"id":1,"jsonrpc":"2.0","method":"ping",${params}}`, '1'],
  ['the id behind the version', `{"jsonrpc":"2.0","id":"a\\"b","method":"ping",${params}}`, '"a\\"b"'],
  ['the id behind the method', `{"jsonrpc":"2.0","method":"tools\\/call","id":1,${params}}`, '1'],
  ['blanks', `\t{ "jsonrpc": "2.0", "id": 1, "method": "ping", ${params} } \r`, '1'],
  ['the id last', `{"method":"ping",${params},"jsonrpc":"2.0","id":1}`, '1'],
  ['the version last', `{"method":"ping",${params}, "id": "é", "jsonrpc": "2.0" }\r`, '"é"'],
  ['the method last', `{${params},"method":"ping","id":1}`, '1'],
  [
    'more digits than JavaScript keeps',
    `{"method":"ping",${params},"id":9007199254740993}`,
    '9007199254740993',
  ],
  ['an id among the params alone', `{"jsonrpc":"2.0","method":"ping",${params}}`, 'null'],
  ['params that end with an id', `{"method":"ping","params":{"a":"${filling}","id":7}}`, 'null'],
  ['params that begin with an id', `{"method":"ping","params":{"id":7,"a":"${filling}"}}`, 'null'],
  ['an id in a text at the end', `{"method":"ping","a":"${filling},\\"id\\":7}"}`, 'null'],
  ['an id in a text at the begin', `{"method":"{\\"id\\":7,","a":"${filling}"}`, 'null'],
  ['an id that is an object', `{"method":"ping",${params},"id":{"id":7}}`, 'null'],
  ['two ids', `{"id":1,"method":"ping",${params},"id":2}`, 'null'],
  ['an id that is longer than what is kept', `{"method":"ping",${params},"id":"${filling}"}`, 'null'],
  ['a response', `{"result":{"a":"${filling}"},"jsonrpc":"2.0","id":1}`, 'null'],
  ['a response with its id first', `{"jsonrpc":"2.0","id":1,"result":{"a":"${filling}"}}`, 'null'],
  ['a notification', `{"jsonrpc":"2.0","method":"notifications/progress",${params}}`, 'null'],
  ['no end', `{"method":"ping",${params},"id":1`, 'null'],
]

describe('the stdio server', () => {
  const write = (lines: readonly unknown[]) =>
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
  const read = (output: string): unknown[] =>
    output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

  async function runProcess(lines: readonly unknown[]) {
    const child = spawn(place.command, place.args, { env: place.env, stdio: ['pipe', 'pipe', 'ignore'] })
    const output = text(child.stdout)
    child.stdin.end(write(lines))
    const [code] = await once(child, 'exit')
    return { code, messages: read(await output) }
  }

  /** Serves lines in this process; with an opening message the others wait for its response. */
  async function run(lines: readonly unknown[], opening?: object) {
    const { options, logged } = createOptions()
    const [input, output] = [new PassThrough(), new PassThrough()]
    const chunks: string[] = []
    output.setEncoding('utf8').on('data', (chunk) => chunks.push(chunk))
    const session = openStdio(
      createStdioOffer(options, () => secretValue),
      input,
      output,
    )
    if (opening) {
      input.write(write([opening]))
      await once(output, 'data')
    }
    input.end(write(lines))
    await session.ended
    const written = chunks.join('')
    return { messages: read(written), output: written, log: logged.join('') }
  }

  it('writes nothing but messages, one a line', async () => {
    const { messages } = await runProcess(['{"jsonrpc":"2.0","id":1,"method":"ping"}', '', ' \t\r'])
    expect(messages).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }])
  })

  it('responds to what is no message as HTTP does, and goes on', async () => {
    await using server = await startMcp()
    const headers = { 'content-type': 'application/json' }
    const replies = refused.map(async ([body]) => {
      const response = await fetch(server.url, { method: 'POST', headers, body })
      return response.json()
    })
    const { messages, log } = await run([...refused.map(([line]) => line), ask('ping')])
    expect(messages.map((one) => [Object(one).id, Object(one).error?.code])).toEqual([
      ...refused.map(([, id, code]) => [id, code]),
      [1, undefined],
    ])
    expect(messages.slice(0, -1)).toEqual(await Promise.all(replies))
    expect(log.match(/"msg":"request refused"/g)).toHaveLength(refused.length)
  })

  const large = `params":{"list":[1${',1'.repeat(2000)}]}`
  it.each([
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', '"id":9007199254740993,', -32600],
    ['{"jsonrpc":"2.0","id":1e400,"method":"ping"}', '"id":1e400,', -32600],
    [
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping","params":{"a":1,"a":1}}',
      '"id":9007199254740993,',
      -32700,
    ],
    ['[{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}]', '"id":9007199254740993,', -32600],
  ])('repeats an id with more digits than JavaScript keeps: %s', async (line, id, code) => {
    await using server = await startMcp()
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(server.url, { method: 'POST', headers, body: line })
    const { output } = await run([line])
    for (const answer of [output, await response.text()]) {
      expect(answer).toContain(id)
      expect(answer).toContain(`"code":${code}`)
    }
  })

  it('responds to each request of a batch that it refuses as a whole', async () => {
    await using server = await startMcp()
    const ping = (id: unknown, more = '') => `{"jsonrpc":"2.0","id":${id},"method":"ping"${more}}`
    const notification = '{"jsonrpc":"2.0","method":"notifications/x"}'
    const lines = [
      [`[${ping(1)},${notification},7,${ping('"b"', `,"${large}`)}]`, [1, 'b']],
      [`[${ping(1, ',"params":{"a":1,"a":2}')}]`, [1]],
      // Which id is meant cannot be told.
      [`[${ping(1)},${ping(2, ',"id":3')}]`, null],
      [`[{"jsonrpc":"2.0","method":"notifications/x","${large}}]`, null],
      // Longer than a batch may be.
      [`[${Array(101).fill(ping(1)).join()},${ping(2, `,"${large}`)}]`, null],
      [`[[${ping(2, `,"${large}`)}]]`, null],
    ] as const
    const headers = { 'content-type': 'application/json', 'mcp-protocol-version': '2025-03-26' }
    const replies = lines.map(async ([body]) => {
      const response = await fetch(server.url, { method: 'POST', headers, body })
      return response.json()
    })
    const { messages } = await run(lines.map(([line]) => line))
    expect(messages).toEqual(await Promise.all(replies))
    for (const [at, [, ids]] of lines.entries())
      expect(messages[at]).toMatchObject(
        ids?.map((id) => ({ id, error: { code: -32700 } })) ?? { id: null, error: { code: -32700 } },
      )
  })

  it('refuses a batch of the revision without initialize, as HTTP does', async () => {
    const name = 'io.modelcontextprotocol'
    const _meta = {
      [`${name}/protocolVersion`]: '2026-07-28',
      [`${name}/clientInfo`]: { name: 'c', version: '1' },
      [`${name}/clientCapabilities`]: {},
    }
    const list = ask('tools/list', { _meta })
    const refusal = { jsonrpc: '2.0', id: null, error: { code: -32600, message: expect.any(String) } }
    expect((await run([[list]])).messages).toEqual([refusal])
    const later = await run([[list], [ask('tools/list')]], list)
    expect(later.messages).toEqual([expect.objectContaining({ id: 1 }), refusal, refusal])
    await using server = await startMcp()
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify([list])
    const response = await fetch(server.url, { method: 'POST', headers, body })
    expect([response.status, await response.json()]).toEqual([400, refusal])
  })

  it('answers a batch of 2025-03-26 with one list, and refuses one of a later revision', async () => {
    const [ping, list] = [ask('ping', {}, 98), ask('tools/list', {}, 99)]
    const wrong = { jsonrpc: '2.0', id: 97, method: 'tools/call', params: {} }
    const batch = [ping, { jsonrpc: '2.0', method: 'notifications/x' }, list, wrong, 7]
    const early = await run([batch, [{ jsonrpc: '2.0', method: 'notifications/x' }], [7]], open('2025-03-26'))
    expect(early.messages).toMatchObject([
      { id: 0, result: { protocolVersion: '2025-03-26' } },
      [{ id: null, error: { code: -32600 } }],
      expect.arrayContaining([
        { jsonrpc: '2.0', id: 98, result: {} },
        expect.objectContaining({ id: 99, result: expect.anything() }),
        expect.objectContaining({ id: 97, error: expect.objectContaining({ code: -32602 }) }),
        expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) }),
      ]),
    ])
    const late = await run([[ping, list]], open('2025-06-18'))
    expect(late.messages).toMatchObject([
      { id: 0, result: {} },
      { id: null, error: { code: -32600 } },
    ])
  })

  it('writes the responses of a batch without a request that is cancelled, or whose id stands twice', async () => {
    const call = (id: number) => ask('tools/call', { name: 'get-book', arguments: book }, id)
    const cancel = (requestId: number) => ({
      ...{ jsonrpc: '2.0', method: 'notifications/cancelled' },
      params: { requestId },
    })
    const batches = [[call(1), ask('ping', {}, 2), cancel(1)], [call(3), ask('ping', {}, 4)], cancel(3)]
    const twice = [ask('ping', {}, 7), ask('ping', {}, 7), ask('ping', {}, 8)]
    const { messages } = await run(
      [...batches, [call(5)], cancel(5), twice, ask('ping', {}, 9)],
      open('2025-03-26'),
    )
    const pong = (id: number) => ({ jsonrpc: '2.0', id, result: {} })
    expect(messages[0]).toMatchObject({ id: 0 })
    const responses: readonly unknown[] = [[pong(2)], [pong(4)], [pong(7), pong(8)], pong(7), pong(9)]
    expect(messages.slice(1)).toHaveLength(responses.length)
    expect(messages.slice(1)).toEqual(expect.arrayContaining([...responses]))
  })

  it('connects a client whose initialize has details that nobody needs', async () => {
    const { messages } = await run([
      ask('initialize', {
        protocolVersion: '2025-06-18',
        capabilities: { sampling: null, roots: { listChanged: null } },
        clientInfo: { name: 'c', version: '1', title: null, icons: [{ src: 'data:,', sizes: '16x16' }] },
      }),
    ])
    expect(messages).toMatchObject([{ id: 1, result: { protocolVersion: '2025-06-18' } }])
  })

  it('ends with its input, but not before the calls under way are answered', async () => {
    const call = {
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: { name: 'get-book', arguments: book },
    }
    const { code, messages } = await runProcess([JSON.stringify(call)])
    expect(code).toBe(0)
    expect(messages).toMatchObject([{ id: 7, result: { structuredContent: { input: {} } } }])
  })

  it('tells a client that its subscription has ended', async () => {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const params = { _meta, notifications: { toolsListChanged: true } }
    const { messages } = await run([
      JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'subscriptions/listen', params }),
    ])
    expect(messages).toMatchObject([
      { method: 'notifications/subscriptions/acknowledged' },
      { id: 5, result: { resultType: 'complete' } },
    ])
  })

  it.each(tooLong)('tells the caller of a line that is too long, with %s', async (_, line, id) => {
    const { messages, output } = await run([line, ask('ping', {}, 2)])
    const detail = 'The limit is 131,072 bytes: send a smaller body.'
    expect(output.split(',"error"', 1)).toEqual([`{"jsonrpc":"2.0","id":${id}`])
    expect(messages).toMatchObject([
      { error: { code: -32000, message: detail, data: { code: 'body_too_large', detail } } },
      { id: 2, result: {} },
    ])
  })

  it('tells the caller of a line that is too long and comes in pieces', async () => {
    const { options } = createOptions()
    const [input, output] = [new PassThrough(), new PassThrough()]
    const session = openStdio(
      createStdioOffer(options, () => secretValue),
      input,
      output,
    )
    const pieces = ['{"met', `hod":"ping",${params}`.slice(0, -1), '},"i', 'd":', '1', '2}']
    for (const piece of pieces) input.write(piece)
    // The input ends, as a line does.
    input.end()
    await session.ended
    expect(JSON.parse(String(output.read()))).toMatchObject({ id: 12, error: { code: -32000 } })
  })

  it('takes a message of the limit, and refuses a larger one before it has an end', async () => {
    const empty = JSON.stringify(ask('ping', { a: '' }))
    const { messages } = await run([ask('ping', { a: 'x'.repeat(messageLimit - empty.length) })])
    expect(messages).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }])
    const child = spawn(place.command, place.args, { env: place.env, stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.write('x'.repeat(messageLimit + 1))
    expect(JSON.parse(String((await once(child.stdout, 'data'))[0]))).toMatchObject({
      id: null,
      error: { code: -32000, data: { code: 'body_too_large' } },
    })
    child.stdin.end(`${'x'.repeat(messageLimit)}\n${JSON.stringify(ask('ping'))}\n`)
    expect(JSON.parse(await text(child.stdout))).toEqual({ jsonrpc: '2.0', id: 1, result: {} })
  })
})
