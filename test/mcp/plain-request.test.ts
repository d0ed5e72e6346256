import { describe, expect, it } from 'vitest'
import { Envelopes } from '../../src/mcp/envelopes.ts'
import { readPlainRequest } from '../../src/mcp/plain-request.ts'

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a', arguments: {} } }

describe('a plain request', () => {
  it('is a call of a tool, or asks for the list of tools', () => {
    expect(readPlainRequest(call)).toEqual({ id: 1, method: 'tools/call', params: call.params })
    const list = { jsonrpc: '2.0', id: 'x', method: 'tools/list' }
    expect(readPlainRequest(list)).toEqual({ id: 'x', method: 'tools/list', params: {} })
  })

  it.each([
    ['no object', [call]],
    ['another version of JSON-RPC', { ...call, jsonrpc: '1.0' }],
    ['an id that is no id', { ...call, id: 1.5 }],
    ['no id', { jsonrpc: '2.0', method: 'tools/list' }],
    ['another method', { ...call, method: 'ping' }],
    ['a member that is not known here', { ...call, more: 1 }],
    ['a parameter that an SDK would act on', { ...call, params: { ...call.params, task: {} } }],
    ['parameters that are none', { ...call, params: [] }],
  ])('is not %s', (_, message) => {
    expect(readPlainRequest(message)).toBeUndefined()
  })
})

describe('envelopes', () => {
  it('are known again by their very text', () => {
    const envelopes = new Envelopes()
    envelopes.add({ a: 1 })
    expect(envelopes.has({ a: 1 })).toBe(true)
    expect([{ a: 2 }, { a: 1, b: 1 }, undefined].map((one) => envelopes.has(one))).toEqual([
      false,
      false,
      false,
    ])
  })

  it('are forgotten when there are too many, and never kept when they are long', () => {
    const envelopes = new Envelopes()
    envelopes.add({ long: 'x'.repeat(5_000) })
    expect(envelopes.has({ long: 'x'.repeat(5_000) })).toBe(false)
    for (let n = 0; n <= 256; n += 1) envelopes.add({ n })
    expect([0, 256].map((n) => envelopes.has({ n }))).toEqual([false, true])
  })
})
