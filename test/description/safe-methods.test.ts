import { Pool } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { behaveWell, type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { describeApi, listOperations, load, loadSound } from './loading.ts'

const methods = ['GET', 'HEAD', 'OPTIONS', 'QUERY', 'POST', 'PUT', 'PATCH', 'DELETE']
const isSafe = (method: string) => methods.indexOf(method) < 4

const responses = { 200: { description: 'OK' } }
const things = Object.fromEntries(
  methods.map((method) => [
    method.toLowerCase(),
    { operationId: `${method.toLowerCase()}-thing`, responses },
  ]),
)
const shop = { ...describeApi({ '/things/{id}': things }), openapi: '3.2.0' }

let upstream: RawUpstream
let gateway: RunningGateway
let pool: Pool
let document: OpenApiDocument
beforeAll(async () => {
  const loading = await loadSound(shop)
  if (!loading.document) throw new Error('nothing was loaded')
  document = loading.document
  upstream = await startRawUpstream()
  gateway = await startGateway('', { SHOP_BASE_URL: upstream.url }, { document })
  pool = new Pool(gateway.restUrl)
})
afterAll(async () => {
  await pool.close()
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

/** The audit lines of an operation. */
function listWrites(operation: string): string[] {
  return gateway.log.filter((line) => line.includes('"write sent"') && line.includes(`"${operation}"`))
}

async function callTool(name: string): Promise<string> {
  const params = { name, arguments: { id: '7' } }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })).text()
}

describe.each(methods)('an operation by %s', (method) => {
  const operation = `${method.toLowerCase()}-thing`
  const type = method === 'QUERY' ? { 'content-type': 'application/json' } : {}
  const call = async () => {
    const response = await pool.request({ path: '/things/7', method, headers: type })
    await response.body.dump()
    return response.statusCode
  }

  it('leaves an audit line where it is a write, on both servers', async () => {
    upstream.behave = (socket) => void socket.write('HTTP/1.1 204 No Content\r\n\r\n')
    const before = listWrites(operation).length
    expect(await call()).toBe(204)
    expect(await callTool(operation)).not.toContain('"isError"')
    expect(listWrites(operation).length - before).toBe(isSafe(method) ? 0 : 2)
  })

  it('is sent once more where it is a read whose response was lost', async () => {
    upstream.behave = (socket) => {
      upstream.behave = behaveWell
      socket.resetAndDestroy()
    }
    const before = upstream.hits
    await call()
    expect(upstream.hits - before).toBe(isSafe(method) ? 2 : 1)
  })

  it('tells a model after a failure whether it may have had an effect', async () => {
    upstream.behave = (socket) => void socket.write('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n')
    const told = await callTool(operation)
    expect(told.includes('Call again later.')).toBe(isSafe(method))
    expect(told.includes('Nobody can tell')).toBe(!isSafe(method))
  })

  it('tells why its response cannot be passed on, and of a read nothing about writes', async () => {
    const refused = [
      ['content-length: 40000000\r\n\r\n', 'a response of more than 33,554,432 bytes', 'Ask for less'],
      ['content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}', 'an encoded body', 'Call again later.'],
    ]
    // What a response to HEAD announces does not come.
    for (const [rest, reason = '', next = ''] of method === 'HEAD' ? refused.slice(1) : refused) {
      upstream.behave = (socket) =>
        void socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${rest}`)
      const told = await callTool(operation)
      expect(told).toContain(`The upstream sent ${reason}`)
      expect(told.includes(next)).toBe(isSafe(method))
      expect(/Nobody can tell|repeating a write/.test(told)).toBe(!isSafe(method))
    }
  })

  it('tells a model whose response was lost what that means for a read and a write', async () => {
    upstream.behave = (socket) => socket.resetAndDestroy()
    const told = await callTool(operation)
    upstream.behave = behaveWell
    expect(/Nobody can tell|repeating a write/.test(told)).toBe(!isSafe(method))
  })

  it('has the hint of its tool, and is selected as it says', async () => {
    const { annotations } = Object(
      listOperations({ document, problems: [] })[`${method.toLowerCase()} /things/{id}`],
    )['x-mcp-tool']
    expect(annotations.readOnlyHint).toBe(isSafe(method) ? true : undefined)
    const selection = { tags: [], operations: [], exclude: [], readOnly: true }
    const selected = await load({ 'shop.yaml': shop }, { selection })
    expect(JSON.stringify(selected.document).includes(`"${operation}"`)).toBe(isSafe(method))
  })
})
