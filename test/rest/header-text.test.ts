import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendRaw } from '../attack/raw-http.ts'
import { describeApi, loadSound } from '../description/loading.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { toMcpRequest } from '../support/servers.ts'

/** Writes a text as the bytes that UTF-8 has for it, each as one character. */
const bytesOf = (text: string) => Buffer.from(text).toString('latin1')

const described = { 'X-Name': { schema: { type: 'string' } } }
const any = { default: { description: 'Any response.', headers: described } }
const paths = {
  '/people': { post: { operationId: 'create', responses: any } },
  '/keyed': {
    post: {
      operationId: 'createOnce',
      parameters: [{ name: 'Call-Key', in: 'header', schema: { type: 'string' }, 'x-idempotency-key': true }],
      responses: any,
    },
  },
}

let upstream: RawUpstream
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startRawUpstream()
  const { document } = await loadSound({ ...describeApi(paths), 'x-name': 'shop' })
  gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, document && { document })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Has the upstream send a response of these bytes. */
function respond(status: string, fields: readonly string[], body: string): void {
  const head = [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${Buffer.byteLength(body)}`]
  upstream.behave = (socket) => {
    socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${bytesOf(body)}`, 'latin1'))
  }
}

/** Sends a request of these bytes; gives the head of the response. */
async function post(path: string, ...fields: string[]): Promise<string> {
  const head = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Length: 0', ...fields, '', '']
  const { answers } = await sendRaw(
    Number(new URL(gateway.restUrl).port),
    Buffer.from(head.join('\r\n'), 'latin1'),
  )
  return answers[0]?.head ?? ''
}

const raw = { 'UTF-8': bytesOf('/people/Šimon'), 'ISO 8859-1': '/people/Andr\xe9' }

test.each(Object.entries(raw))(
  'a header of a response keeps its bytes beside any body (%s)',
  async (_, text) => {
    const json = 'Content-Type: application/json'
    const bodies = ['{"id":1}', '{"id":"é"}', '', `{"id":"${'x'.repeat(20_000)}"}`]
    const fields = [`Location: ${text}`, `X-Name: ${text}`]
    for (const status of ['201 Created', '303 See Other'])
      for (const [index, body] of bodies.entries()) {
        respond(status, [...(body === '' ? [] : [json]), ...fields], body)
        for (const head of [
          await post('/people'),
          await post('/keyed', `Call-Key: ${status}${index}${text.length}`),
        ]) {
          expect(head).toContain(`location: ${text}\r\n`)
          expect(head).toContain(`x-name: ${text}\r\n`)
        }
      }
    respond('409 Conflict', [json, `X-Name: ${text}`], '{"message":"no"}')
    expect(await post('/people')).toContain(`x-name: ${text}\r\n`)
    respond('200 OK', ['Content-Type: text/plain', `X-Name: ${text}`], 'text')
    expect(await post('/people')).toContain(`x-name: ${text}\r\n`)
    // A second response to one key comes from memory.
    respond('201 Created', [json, ...fields], '{"id":1}')
    const once = `Call-Key: again${text.length}`
    expect([await post('/keyed', once), await post('/keyed', once)]).toEqual([
      expect.stringContaining(`location: ${text}\r\n`),
      expect.stringContaining(`location: ${text}\r\n`),
    ])
  },
)

test('a tool tells a location as the text that its bytes are', async () => {
  const call = async () => {
    const { path, init } = toMcpRequest({ tool: 'create', arguments: {} })
    const { result } = JSON.parse(await (await fetch(gateway.mcpUrl + path, init)).text())
    return result.content[0].text
  }
  respond('201 Created', [`Location: ${raw['UTF-8']}`], '')
  expect(await call()).toContain('Its location is /people/Šimon.')
  respond('201 Created', [`Location: ${raw['ISO 8859-1']}`], '')
  expect(await call()).toContain('Its location is /people/André.')
  respond('303 See Other', [`Location: ${raw['UTF-8']}`], '')
  expect(await call()).toContain('/people/Šimon')
})
