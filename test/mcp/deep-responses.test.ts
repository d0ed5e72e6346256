import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { calls, servers } from '../support/servers.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const deep = `${'[{"a":'.repeat(100_000)}1${'}]'.repeat(100_000)}`

let answer = { status: 200, body: '{}' }
let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respondJson(response, answer.status, answer.body))
  gateway = await startGateway(upstream.url)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

describe('a response that nests too deep to be written', () => {
  it('passes on REST as it came', async () => {
    answer = { status: 200, body: deep }
    expect(await servers.rest(gateway, calls.get)).toMatchObject({ status: 200, text: deep })
  })

  it('is no response in a tool, and nobody knows what a write did', async () => {
    answer = { status: 200, body: deep }
    const { code, outcome } = await servers.mcp(gateway, calls.update)
    expect([code, outcome]).toEqual(['upstream_invalid_response', 'unknown'])
  })

  it('is no response in a tool that reads, and no word is of writes', async () => {
    answer = { status: 200, body: deep }
    const { code, text } = await servers.mcp(gateway, calls.get)
    expect(code).toBe('upstream_invalid_response')
    expect(text).toMatch(/Next: Call again later\.$/)
    expect(text).not.toMatch(/took effect|write/)
  })

  it('is told by its status where it is an error', async () => {
    answer = { status: 400, body: `{"message":"no","details":${deep}}` }
    expect((await servers.mcp(gateway, calls.get)).text).toMatch(/returned 400/)
  })
})

describe.each([200, 400])('JSON of more values than memory could hold, with status %i', (status) => {
  it.each(['rest', 'mcp'] as const)('is no response on %s', async (server) => {
    const body = (values: number) => `{"data":[${Array(values).fill(1).join()}]}`
    answer = { status, body: body(2_000_000) }
    const { code } = await servers[server](gateway, calls.get)
    expect(code).toBe('upstream_invalid_response')
    answer = { status, body: body(1_999_000) }
    expect((await servers[server](gateway, calls.get)).code).not.toBe('upstream_invalid_response')
  })
})

it('of a response with very many sentences, the first are told', async () => {
  const errors = Array.from({ length: 1_000 }, (_, n) => ({ constraints: { a: `sentence ${n}` } }))
  answer = { status: 400, body: JSON.stringify({ message: 'no', details: { errors } }) }
  const { text } = await servers.mcp(gateway, calls.get)
  expect(text.match(/^- sentence/gm)).toHaveLength(20)
})
