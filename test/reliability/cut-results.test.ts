import { request as httpRequest } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { describeApi } from '../description/loading.ts'
import { holdResponses, respondJson, startUpstream } from '../support/upstream-stub.ts'

const password = { type: 'string', format: 'password' }
const made = { user: { type: 'object', properties: { id: { type: 'integer' } } }, accessToken: password }
const content = { 'application/json': { schema: { type: 'object', properties: made } } }
const create = {
  operationId: 'create',
  'x-redeliver': [],
  requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
  responses: { 201: { description: 'Created', content }, 409: { description: 'It exists' } },
}
const body = '{"email":"ada@example.org"}'
const headers = { 'content-type': 'application/json' }

/** Has a REST client leave while its write is under way, and MCP and REST repeat it. */
async function repeat(mcpTokens: 'withhold' | 'reveal', moment: 'under way' | 'kept') {
  const held = holdResponses((_request, response) => {
    const [status, answer] =
      upstream.requests.length > 1
        ? [409, { message: 'It exists' }]
        : [201, { user: { id: 7 }, accessToken: 'planted' }]
    respondJson(response, Number(status), answer)
  })
  await using upstream = await startUpstream(held.respond)
  const shop = { document: describeApi({ '/users': { post: create } }), name: 'shop', baseUrl: upstream.url }
  const gateway = await createGateway({ descriptions: [shop], mcpTokens })
  const restUrl = await gateway.rest.listen({ host: '127.0.0.1', port: 0 })
  const mcpUrl = await gateway.mcp.listen({ host: '127.0.0.1', port: 0 })
  const first = httpRequest(`${restUrl}/users`, { method: 'POST', headers, agent: false })
  first.on('error', () => {})
  first.end(body)
  await held.arrived
  const gone = new Promise((resolve) => first.once('close', resolve))
  first.destroy()
  await gone
  if (moment === 'kept') {
    await wait(50)
    held.release()
  }
  await wait(50)
  const params = { name: 'create', arguments: { body: JSON.parse(body) } }
  const call = async () => {
    const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const response = await fetch(`${mcpUrl}/mcp`, { method: 'POST', headers, body: message })
    return Object(await response.json()).result
  }
  const result = call()
  await wait(50)
  held.release()
  const { structuredContent: shown } = await result
  const last = await fetch(`${restUrl}/users`, { method: 'POST', headers, body })
  const got = { shown, status: last.status, text: await last.text(), calls: upstream.requests.length }
  await gateway.close()
  return got
}

it.each(['under way', 'kept'] as const)(
  'a response that is %s for a client that left is its own, whatever MCP was shown of it',
  async (moment) => {
    const { shown, status, text, calls } = await repeat('withhold', moment)
    expect([shown, calls]).toEqual([{ user: { id: 7 } }, 1])
    expect([status, JSON.parse(text).accessToken]).toEqual([201, 'planted'])
  },
)

it('a response of which MCP is shown all is delivered by that', async () => {
  const { shown, status, calls } = await repeat('reveal', 'kept')
  expect(shown).toEqual({ user: { id: 7 }, accessToken: 'planted' })
  expect([status, calls]).toEqual([409, 2])
})
