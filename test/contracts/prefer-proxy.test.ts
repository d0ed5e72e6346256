import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PreferProxy, startPreferProxy } from '../../contracts/prefer-proxy.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

let upstream: UpstreamStub
let proxy: PreferProxy
beforeAll(async () => {
  upstream = await startUpstream((_request, response) =>
    respondJson(response, 418, '{"status":"error"}', { 'x-one': 'kept' }),
  )
  proxy = await startPreferProxy({ upstream: upstream.url })
})
afterAll(async () => {
  await proxy.close()
  await upstream[Symbol.asyncDispose]()
})

async function send(): Promise<Response> {
  return fetch(`${proxy.url}/v2/things?a=%2B`, {
    method: 'PATCH',
    body: '{"n":1}',
    headers: { 'x-two': 'kept' },
  })
}

describe('the proxy', () => {
  it('passes method, path, headers and body on', async () => {
    await send()
    const { method, url, headers, body } = upstream.requests.at(-1) ?? {}
    expect({ method, url, header: headers?.['x-two'], body: String(body) }).toEqual({
      method: 'PATCH',
      url: '/v2/things?a=%2B',
      header: 'kept',
      body: '{"n":1}',
    })
  })

  it('passes status, headers and body back', async () => {
    const response = await send()
    expect({
      status: response.status,
      header: response.headers.get('x-one'),
      body: await response.text(),
    }).toEqual({
      status: 418,
      header: 'kept',
      body: '{"status":"error"}',
    })
  })

  it('sets Prefer to what it was told last', async () => {
    proxy.setPrefer('code=404')
    proxy.setPrefer('code=409, example=email_exists')
    await send()
    expect(upstream.requests.at(-1)?.headers.prefer).toBe('code=409, example=email_exists')
  })

  it('sets no Prefer when it was told to stop', async () => {
    proxy.setPrefer('code=404')
    proxy.setPrefer(undefined)
    await send()
    expect(upstream.requests.at(-1)?.headers).not.toHaveProperty('prefer')
  })

  it('gives no response where the upstream gave none', async () => {
    await using gone = await startUpstream()
    const dead = await startPreferProxy({ upstream: gone.url })
    await gone[Symbol.asyncDispose]()
    await expect(fetch(dead.url)).rejects.toThrow()
    await dead.close()
  })
})
