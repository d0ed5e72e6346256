import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { clients } from '../support/mcp-clients.ts'
import { folderVariable } from '../support/run-log.ts'
import { secretValue } from './example.ts'

const place = {
  command: process.execPath,
  args: [fileURLToPath(new URL('stdio-server.ts', import.meta.url))],
  env: { EXAMPLE_SECRET: secretValue, [folderVariable]: process.env[folderVariable] ?? '' },
}
const book = { shopId: 'abc', bookId: 7 }

describe.each(clients)('$client over stdio', ({ connect }) => {
  it('lists the tools, and calls one with the secret of the environment or its own', async () => {
    const client = await connect(place)
    expect((await client.listTools()).tools).toHaveLength(4)
    const lent = await client.callTool({ name: 'get-book', arguments: book })
    const own = await client.callTool({ name: 'get-book', arguments: { ...book, 'x-example-secret': 'own' } })
    expect(lent.structuredContent).toMatchObject({ input: { header: { 'x-example-secret': secretValue } } })
    expect(own.structuredContent).toMatchObject({ input: { header: { 'x-example-secret': 'own' } } })
    await client.close()
  })

  it('is refused a call without any secret', async () => {
    const client = await connect({ ...place, env: {} })
    const result = await client.callTool({ name: 'get-book', arguments: book })
    expect(result.content).toMatchObject([{ text: expect.stringContaining('BOOKLAND_SECRET') }])
    await client.close()
  })
})

describe('the stdio server', () => {
  async function run(lines: readonly string[]) {
    const child = spawn(place.command, place.args, { env: place.env, stdio: ['pipe', 'pipe', 'ignore'] })
    const output = text(child.stdout)
    child.stdin.end(`${lines.join('\n')}\n`)
    const [code] = await once(child, 'exit')
    return {
      code,
      messages: (await output)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    }
  }

  it('writes nothing but messages, one a line', async () => {
    const { messages } = await run(['{"jsonrpc":"2.0","id":1,"method":"ping"}', 'no json', '{}', ''])
    expect(messages).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }])
  })

  it('ends with its input, but not before the calls under way are answered', async () => {
    const call = {
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: { name: 'get-book', arguments: book },
    }
    const { code, messages } = await run([JSON.stringify(call)])
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

  it('ends when a message has no end, though its input goes on', async () => {
    const child = spawn(place.command, place.args, { env: place.env, stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.on('error', () => {})
    child.stdin.write('x'.repeat(2 * 1024 * 1024))
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
