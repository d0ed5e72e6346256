import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'
import { describeApi, load } from './loading.ts'

const page = readFileSync(new URL('../../docs/descriptions.md', import.meta.url), 'utf8')

/** The first cells of the table that begins with a heading. */
function listRows(heading: string): string[] {
  const [, table = ''] = page.split(`| ${heading} | On REST | On MCP |\n|---|---|---|\n`)
  const [rows = ''] = table.split('\n\n')
  return rows.split('\n').map((row) => row.split(' | ')[0]?.replace('| ', '') ?? '')
}

interface BodyCase {
  readonly row: string
  readonly type: string
  readonly schema?: object
  /** What a REST client sends, and what is refused. */
  readonly sent: string
  readonly refused: readonly [body: string, status: number]
  /** What an MCP client gives, what arrives, and what is refused. */
  readonly given: unknown
  readonly arrives: string
  readonly wrong: unknown
}

const sized = { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] }
const scan = { data: Buffer.from('bytes').toString('base64'), filename: 'a.bin', contentType: 'image/png' }
const part = (name: string, text: string, more = '') =>
  `--limit\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${text}\r\n`
const short = { type: 'string', maxLength: 5 }
const bodies: readonly BodyCase[] = [
  {
    row: 'JSON and `+json`',
    type: 'application/vnd.shop+json',
    schema: sized,
    sent: '{ "size" : 1 }',
    refused: ['{"size":"x"}', 400],
    ...{ given: { size: 2 }, arrives: '{"size":2}', wrong: { size: 'x' } },
  },
  {
    row: 'Form, multipart',
    type: 'application/x-www-form-urlencoded',
    schema: sized,
    sent: 'size=1&other=%61',
    refused: ['size=x', 400],
    ...{ given: { size: 2, other: 'ä' }, arrives: 'size=2&other=%C3%A4', wrong: {} },
  },
  {
    row: 'Form, multipart',
    type: 'multipart/form-data; boundary=limit',
    schema: { ...sized, properties: { ...sized.properties, scan: { type: 'string', format: 'binary' } } },
    sent: `${part('size', '1')}${part('scan', 'bytes', '; filename="a"')}--limit--\r\n`,
    refused: [`${part('size', 'x')}--limit--\r\n`, 400],
    given: { size: 2, scan },
    arrives: 'name="scan"; filename="a.bin"\r\nContent-Type: image/png\r\n\r\nbytes\r\n',
    wrong: { size: 2, scan: 'bytes' },
  },
  ...['text/plain', 'application/xml'].map((type) => ({
    row: 'Text, XML',
    ...{ type, schema: short, sent: '<a/>', refused: ['longer', 400] as const },
    ...{ given: '<b/>', arrives: '<b/>', wrong: 'longer' },
  })),
  {
    row: 'Any other type',
    type: 'application/pdf',
    sent: '\u0000\u0001',
    refused: ['x'.repeat(100_001), 413],
    ...{ given: { data: scan.data }, arrives: 'bytes', wrong: { data: '?' } },
  },
]

const token = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`
const says = (text: string) => [{ type: 'text', text }]
const data = Buffer.from('bytes').toString('base64')

interface ResponseCase {
  readonly row: string
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body: string
  /** The status and the body on REST, where they are not the API's. */
  readonly rest?: readonly [status: number, body: unknown]
  /** The result on MCP. */
  readonly result: object
}

const responses: readonly ResponseCase[] = [
  {
    row: 'JSON and `+json`',
    headers: { 'content-type': 'application/vnd.shop+json' },
    body: '{ "id": 7 }',
    result: { content: says('{"id":7}'), structuredContent: { id: 7 } },
  },
  {
    row: 'JSON and `+json`',
    headers: { 'content-type': 'application/json' },
    body: '{ "id": ',
    rest: [502, expect.stringContaining('upstream_invalid_response')],
    result: { isError: true, structuredContent: { error: { code: 'upstream_invalid_response' } } },
  },
  {
    row: 'Text',
    headers: { 'content-type': 'text/csv' },
    body: 'a,b',
    result: { content: says('a,b') },
  },
  ...['image/png', 'audio/mpeg'].map((mimeType) => ({
    row: 'Image, audio',
    headers: { 'content-type': mimeType },
    body: 'bytes',
    result: { content: [{ type: mimeType.replace(/\/.*/, ''), mimeType, data }] },
  })),
  {
    row: 'Any other type',
    headers: { 'content-type': 'application/pdf' },
    body: 'bytes',
    result: { content: [{ type: 'resource', resource: { mimeType: 'application/pdf', blob: data } }] },
  },
  {
    row: 'Empty',
    status: 204,
    body: '',
    result: { content: says('Done (204); the response is empty.') },
  },
  {
    row: 'An error',
    status: 409,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: `Taken by ${token}` }),
    rest: [409, expect.not.stringContaining(token)],
    result: { isError: true, structuredContent: { error: { status: 409, message: 'Taken by [redacted]' } } },
  },
  {
    row: 'A redirect, a 304, a page (HTML) that is not described',
    status: 302,
    headers: { location: 'https://example.org/else' },
    body: '',
    result: { isError: true, structuredContent: { error: { status: 302 } } },
  },
  {
    row: 'A redirect, a 304, a page (HTML) that is not described',
    headers: { 'content-type': 'text/html' },
    body: '<p>Log in</p>',
    result: { isError: true, content: expect.not.arrayContaining(says('<p>Log in</p>')) },
  },
]

const schema = { type: 'object' }
const described = { 200: { description: 'Done', content: { 'application/json': { schema } } } }
const paths = {
  ...Object.fromEntries(
    bodies.map(({ type, schema }, index) => [
      `/bodies/${index}`,
      {
        post: {
          operationId: `body_${index}`,
          requestBody: { required: true, content: { [type.replace(/;.*/, '')]: { schema } } },
        },
      },
    ]),
  ),
  ...Object.fromEntries(
    responses.map((_, index) => [
      `/responses/${index}`,
      { get: { operationId: `response_${index}`, responses: described } },
    ]),
  ),
}

let upstream: UpstreamStub
let gateway: RunningGateway

beforeAll(async () => {
  upstream = await startUpstream(({ url }, response) => {
    const {
      status = 200,
      headers = {},
      body,
    } = responses[Number(url.replace('/responses/', ''))] ?? { body: '' }
    response.writeHead(status, headers).end(body)
  })
  const { document } = await load(
    { 'shop.json': describeApi(paths) },
    { baseUrls: new Map([['', upstream.url]]) },
  )
  const environment = { SHOP_BASE_URL: upstream.url, FILE_LIMIT: '100000', MCP_TOKENS: 'withhold' }
  gateway = await startGateway(upstream.url, environment, document && { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

async function callTool(name: string, values: object): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const body = JSON.stringify({
    ...{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: values } },
  })
  const response = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
  return asRecord(asRecord(await response.json()).result)
}

describe('docs/descriptions.md', () => {
  test('has the rows that are run here, and no others', () => {
    const rows = (cases: readonly { readonly row: string }[]) => [...new Set(cases.map(({ row }) => row))]
    expect(listRows('Body of a request')).toEqual(rows(bodies))
    expect(listRows('Response')).toEqual(rows(responses))
  })

  test.each(bodies.map((one, index) => ({ ...one, index })))(
    'body: $row as $type',
    async ({ index, type, sent, refused, given, arrives, wrong }) => {
      const post = async (body: string) => {
        const init = { method: 'POST', headers: { 'content-type': type }, body }
        return (await fetch(`${gateway.restUrl}/bodies/${index}`, init)).status
      }
      upstream.requests.length = 0
      expect([await post(sent), await post(refused[0])]).toEqual([200, refused[1]])
      expect((await callTool(`body_${index}`, { body: given })).isError).not.toBe(true)
      expect((await callTool(`body_${index}`, { body: wrong })).isError).toBe(true)
      const [rest, mcp, ...others] = upstream.requests.map(({ body }) => body.toString())
      expect([rest, others]).toEqual([sent, []])
      expect(mcp).toContain(arrives)
    },
  )

  test.each(responses.map((one, index) => ({ ...one, index })))(
    'response: $row, $status $headers',
    async ({ index, status = 200, body, rest = [status, body], result }) => {
      const response = await fetch(`${gateway.restUrl}/responses/${index}`, { redirect: 'manual' })
      expect([response.status, await response.text()]).toEqual(rest)
      expect(await callTool(`response_${index}`, {})).toMatchObject(result)
    },
  )
})
