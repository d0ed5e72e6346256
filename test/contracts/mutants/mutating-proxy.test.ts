import { describe, expect, it } from 'vitest'
import { type Interference, startMutatingProxy } from '../../../contracts/mutants/mutating-proxy.ts'
import { listToolChanges } from '../../../contracts/mutants/tool-changes.ts'
import { startUpstream } from '../../support/upstream-stub.ts'

async function pass(interference: Interference, init: RequestInit = {}) {
  await using upstream = await startUpstream()
  await using proxy = await startMutatingProxy(upstream.url)
  proxy.interfere(interference)
  const response = await fetch(`${proxy.url}/v2/users?limit=1`, init)
  return { status: response.status, body: await response.text(), requests: upstream.requests }
}

describe('the proxy', () => {
  it('passes everything on by itself', async () => {
    const init = {
      method: 'POST',
      headers: { 'x-secret': 's', 'content-type': 'application/json' },
      body: '{"a":1}',
    }
    const { status, requests } = await pass({}, init)
    expect(status).toBe(200)
    expect(requests).toMatchObject([{ method: 'POST', url: '/v2/users?limit=1' }])
    expect(String(requests[0]?.body)).toBe('{"a":1}')
    expect(requests[0]?.headers).toMatchObject({ 'x-secret': 's', 'content-type': 'application/json' })
  })

  it('spoils requests', async () => {
    const { requests } = await pass({ onRequest: (request) => ({ ...request, url: '/v2/elsewhere' }) })
    expect(requests.map(({ url }) => url)).toEqual(['/v2/elsewhere'])
  })

  it('spoils responses', async () => {
    const { status, body } = await pass({
      onResponse: (response) => ({ ...response, status: 418, text: 'tea' }),
    })
    expect([status, body]).toEqual([418, 'tea'])
  })
})

describe('the changes of a tool', () => {
  const tools = [
    { name: 'a', annotations: { readOnlyHint: true } },
    { name: 'b', annotations: { readOnlyHint: true } },
  ]
  const response = (result: unknown) => ({
    status: 200,
    headers: {},
    text: JSON.stringify({ id: 1, result }),
  })
  const request = (method: string, params: object = {}) => ({
    method: 'POST',
    url: '/mcp',
    headers: {},
    text: JSON.stringify({ method, params }),
  })
  const apply = (what: string, result: unknown, asked: ReturnType<typeof request>) => {
    const change = listToolChanges('b').find(([name]) => name === what)?.[1]
    return JSON.parse(change?.(response(result), asked).text ?? 'null')?.result
  }

  it('flip a hint of the one tool in the list', () => {
    const changed = apply('tool readOnlyHint flipped', { tools }, request('tools/list'))
    expect(changed.tools).toEqual([tools[0], { name: 'b', annotations: { readOnlyHint: false } }])
  })

  it('turn an error of the one tool into a success', () => {
    const result = { isError: true, content: [] }
    const what = 'result error passed for success'
    expect(apply(what, result, request('tools/call', { name: 'b' }))).toEqual({ content: [] })
    expect(apply(what, result, request('tools/call', { name: 'a' }))).toEqual(result)
  })
})
