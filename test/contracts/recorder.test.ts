import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Recorder, startRecorder } from '../../contracts/recorder.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

let upstream: UpstreamStub
let recorder: Recorder
beforeAll(async () => {
  upstream = await startUpstream((_request, response) =>
    respondJson(response, 418, '{"status":"error"}', { 'x-one': 'kept' }),
  )
  recorder = await startRecorder(upstream.url)
})
afterAll(async () => {
  await recorder[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

async function send(): Promise<Response> {
  return fetch(`${recorder.url}/v2/things?a=%2B`, {
    method: 'PATCH',
    body: '{"n":1}',
    headers: { 'x-two': 'kept' },
  })
}

describe('the recorder', () => {
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
    recorder.prefer = 'code=404'
    recorder.prefer = 'code=409, example=email_exists'
    await send()
    expect(upstream.requests.at(-1)?.headers.prefer).toBe('code=409, example=email_exists')
  })

  it('sets no Prefer when it was told to stop', async () => {
    recorder.prefer = 'code=404'
    recorder.prefer = undefined
    await send()
    expect(upstream.requests.at(-1)?.headers).not.toHaveProperty('prefer')
  })

  it('gives no response where the upstream gave none', async () => {
    await using gone = await startUpstream()
    await using dead = await startRecorder(gone.url)
    await gone[Symbol.asyncDispose]()
    await expect(fetch(dead.url)).rejects.toThrow()
  })
})
