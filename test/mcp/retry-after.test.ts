import { describe, expect, it } from 'vitest'
import { errorCatalogue } from '../../src/errors/catalogue.ts'
import { type ErrorCode, GatewayError } from '../../src/errors/gateway-error.ts'
import { toRefusal } from '../../src/mcp/failures.ts'
import { toRpcError, writeError } from '../../src/mcp/json-rpc.ts'
import { startGateway } from '../support/gateway.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const isErrorCode = (name: string): name is ErrorCode => name in errorCatalogue
const codes = Object.keys(errorCatalogue).filter(isErrorCode)
const waiting = codes.filter((code) => errorCatalogue[code].action.includes('Retry-After'))
const headers = { 'retry-after': '7' }
const custom = 'Send the call again after the time in Retry-After.'

describe('an error that says how long to wait', () => {
  it('is one of several', () => {
    expect(waiting).toContain('rate_limited')
    expect(waiting).toContain('overloaded')
  })

  it.each(waiting)('says it in its JSON-RPC error: %s', (code) => {
    for (const detail of [undefined, custom]) {
      const error = new GatewayError(code, { headers, detail })
      for (const id of [1, [1, 2]]) {
        const [one] = [JSON.parse(writeError(toRpcError(error), id))].flat()
        expect(one.error.data).toMatchObject({ code, retryAfter: 7, detail: one.error.message })
        expect(one.error.message).toMatch(/\b7 seconds\b/)
        expect(JSON.stringify(one)).not.toContain('Retry-After')
      }
    }
  })

  it.each(waiting)('says it in the result of a tool: %s', (code) => {
    for (const detail of [undefined, custom]) {
      const result = toRefusal(new GatewayError(code, { headers, detail }))
      expect(result.structuredContent.error).toMatchObject({ code, retryAfter: 7 })
      expect(result.content[0]).toMatchObject({ text: expect.stringContaining('Wait 7 seconds') })
      expect(JSON.stringify(result)).not.toContain('Retry-After')
    }
  })

  it('says it to a client that calls too often', async () => {
    await using upstream = await startUpstream()
    await using running = await startGateway(upstream.url, { RATE_LIMIT: '1/h' })
    const send = () =>
      fetch(`${running.mcpUrl}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      })
    await send()
    const response = await send()
    const { error } = Object(await response.json())
    expect(String(error.data.retryAfter)).toBe(response.headers.get('retry-after'))
    expect(error.message).toBe(`Wait for ${error.data.retryAfter} seconds, then send the call again.`)
  })
})

it('an error without a time to wait has none', () => {
  const { error } = JSON.parse(writeError(toRpcError(new GatewayError('invalid_argument')), 1))
  expect(error.data).not.toHaveProperty('retryAfter')
})
