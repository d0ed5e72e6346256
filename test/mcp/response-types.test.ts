import { randomUUID } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const token = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`
const bytes = Buffer.from([0, 255, 1])

const secretBody = '{"user":{"id":7,"more":1},"password":"opaque-secret","more":"opaque-secret"}'

/** What the API responds with, by path: a status, headers, a body. */
const responses: Readonly<Record<string, readonly [number, Record<string, string>, string | Buffer]>> = {
  json: [200, { 'content-type': 'application/vnd.shop+json' }, `{"id": 7, "note": "${token}"}`],
  list: [200, { 'content-type': 'application/json' }, '[1,2]'],
  textList: [200, { 'content-type': 'text/json; charset=utf-8' }, '[1,2]'],
  markedList: [200, { 'content-type': 'text/json' }, '\uFEFF[1,2]'],
  oldList: [200, { 'content-type': 'application/x-json' }, '[1,2]'],
  text: [200, { 'content-type': 'text/csv; charset=utf-8' }, `a,b\n${token},ö`],
  latin: [200, { 'content-type': 'text/plain; charset=ISO-8859-1' }, Buffer.from([0xf6])],
  ...Object.fromEntries(
    [
      ['xml', 'application/xml', '<?xml version="1.0" encoding="ISO-8859-1"?>\xf6'],
      ['quotedXml', 'text/xml', "<?xml version='1.0' encoding = 'iso-8859-1' standalone='yes'?>\xf6"],
      ['suffixXml', 'application/atom+xml; v=1', '<?xml version="1.0" encoding="windows-1252"?>\xf6'],
      ['charsetXml', 'application/xml; charset=utf-8', '<?xml version="1.0" encoding="ISO-8859-1"?>\xc3\xb6'],
      ['markedXml', 'application/xml', '\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?>\xc3\xb6'],
      ['wideXml', 'application/xml', '<?xml version="1.0" encoding="UTF-16"?>\xc3\xb6'],
      ['plainXml', 'application/xml', '<n encoding="ISO-8859-1">\xc3\xb6'],
    ].map(
      ([name = '', type = '', text = '']): [string, readonly [number, Record<string, string>, Buffer]] => [
        name,
        [200, { 'content-type': type }, Buffer.from(text, 'latin1')],
      ],
    ),
  ),
  nothing: [200, { 'content-type': 'application/json' }, 'null'],
  untyped: [200, {}, 'plain'],
  image: [200, { 'content-type': 'image/png' }, bytes],
  audio: [200, { 'content-type': 'audio/mpeg' }, bytes],
  file: [200, { 'content-type': 'application/pdf' }, bytes],
  empty: [204, {}, ''],
  created: [201, { location: '/things/7' }, ''],
  page: [200, { 'content-type': 'text/html' }, '<p>Log in</p>'],
  unchanged: [304, { etag: '"1"' }, ''],
  moved: [302, { location: 'https://example.org/else' }, ''],
  refused: [400, { 'content-type': 'text/plain' }, 'No such shop'],
  fault: [400, { 'content-type': 'application/xml' }, '<fault>No</fault>'],
  problem: [409, { 'content-type': 'application/problem+json' }, '{"title":"Conflict","detail":"Taken"}'],
  other: [202, { 'content-type': 'application/json' }, secretBody],
  range: [203, { 'content-type': 'application/json' }, secretBody],
  secretOnly: [202, { 'content-type': 'application/json' }, secretBody],
  undescribed: [202, { 'content-type': 'application/json' }, secretBody],
  noContent: [201, { 'content-type': 'application/json' }, secretBody],
  noContentText: [201, { 'content-type': 'text/plain' }, secretBody],
  rangeOnly: [206, { 'content-type': 'application/json' }, secretBody],
  noSchema: [201, { 'content-type': 'application/json' }, secretBody],
  anyObject: [202, { 'content-type': 'application/json' }, secretBody],
  anyList: [202, { 'content-type': 'application/json' }, `[${secretBody}]`],
  anyChoice: [202, { 'content-type': 'application/json' }, secretBody],
  anyText: [201, { 'content-type': 'text/csv' }, 'password\nopaque-secret'],
  ownText: [201, { 'content-type': 'text/csv' }, 'a text'],
  asText: [200, { 'content-type': 'text/plain' }, secretBody],
  asTextJson: [200, { 'content-type': 'text/json; charset=utf-8' }, `\uFEFF${secretBody}`],
  untypedJson: [200, {}, secretBody],
  asBytes: [200, { 'content-type': 'application/octet-stream' }, secretBody],
  noJson: [200, { 'content-type': 'text/csv' }, 'password\nopaque-secret'],
  ...Object.fromEntries(
    ['emptyOnly', 'descriptionOnly', 'noResponses', 'anyValue', 'anyValueTrue', 'anyValueOfSchema']
      .concat(['anyValueChoice', 'anyValueOfRange', 'jsonForPicture'])
      .map((name) => [name, [200, { 'content-type': 'application/json' }, secretBody]]),
  ),
  emptyOnlyText: [200, { 'content-type': 'text/plain' }, 'opaque-secret'],
  descriptionOnlyPicture: [200, { 'content-type': 'image/png' }, 'opaque-secret'],
  anyValueList: [200, { 'content-type': 'application/json' }, `[${secretBody}]`],
  anyValueAsText: [200, { 'content-type': 'text/plain' }, secretBody],
  textToo: [200, { 'content-type': 'text/plain' }, 'a text'],
  plainText: [200, { 'content-type': 'text/plain' }, 'OK'],
  secretText: [200, { 'content-type': 'text/plain' }, 'opaque-secret'],
  secretTextAsCsv: [200, { 'content-type': 'text/csv' }, 'opaque-secret'],
  secretTextAsJson: [200, { 'content-type': 'application/json' }, '"opaque-secret"'],
  secretTexts: [201, { 'content-type': 'text/vnd.shop; charset=utf-8' }, 'opaque-secret'],
  secretXml: [200, { 'content-type': 'application/xml' }, '<r><password>opaque-secret</password></r>'],
  secretForm: [200, { 'content-type': 'application/x-www-form-urlencoded' }, 'password=opaque-secret&a=b'],
  secretLines: [200, { 'content-type': 'application/x-ndjson' }, `${secretBody}\n${secretBody}\n`],
  secretEvents: [200, { 'content-type': 'text/event-stream' }, `data: ${secretBody}\n\n`],
  secretItems: [200, { 'content-type': 'application/jsonl' }, `${secretBody}\n`],
  secretParts: [200, { 'content-type': 'multipart/mixed; boundary=b' }, `--b\r\n\r\n${secretBody}\r\n--b--`],
  secretOrAny: [201, { 'content-type': 'text/csv' }, 'opaque-secret'],
  tokenItself: [200, { 'content-type': 'application/jwt' }, token],
  tokenForm: [200, { 'content-type': 'application/x-www-form-urlencoded' }, `a=b&token=${token}`],
  tokenLines: [200, { 'content-type': 'application/x-ndjson' }, `{"token":"${token}"}\n`],
  tokenBytes: [
    200,
    { 'content-type': 'application/octet-stream' },
    Buffer.concat([bytes, Buffer.from(` ${token}`)]),
  ],
  tokenPicture: [200, { 'content-type': 'image/svg+xml' }, `<svg>${token}</svg>`],
  keyed: [201, { 'content-type': 'application/json' }, '{"user":{"id":7},"password":"opaque-secret"}'],
}

const tool = (name: string) => ({ name, title: name, description: name, annotations: {}, arguments: {} })
const binary = { type: 'string', format: 'binary' }
const user = { type: 'object', properties: { id: { type: 'integer' } } }
const password = { type: 'string', format: 'password' }
const created = { type: 'object', properties: { user, password } }
const keyHeader = {
  name: 'Idempotency-Key',
  in: 'header',
  'x-idempotency-key': true,
  schema: { type: 'string' },
}
const describeAs = (schemas: Readonly<Record<string, object>>) => ({
  description: 'Done',
  content: Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }])),
})
const described = (schema: object) => describeAs({ 'application/json': schema })
const other = { type: 'object', properties: { id: { type: 'integer' } } }
const responsesOf: Readonly<Record<string, object>> = {
  json: { 200: described({ type: 'object' }) },
  list: { 200: described({ type: 'array' }) },
  textList: { 200: describeAs({ 'text/json': { type: 'array' } }) },
  markedList: { 200: described({ type: 'array' }) },
  oldList: { 200: describeAs({ 'application/x-json': { type: 'array' } }) },
  nothing: { 200: described({ type: 'null' }) },
  ...Object.fromEntries(
    [
      'text',
      'latin',
      'xml',
      'quotedXml',
      'suffixXml',
      'charsetXml',
      'markedXml',
      'wideXml',
      'plainXml',
      'untyped',
      'image',
      'audio',
      'file',
      'tokenItself',
      'tokenForm',
      'tokenLines',
    ]
      .concat(['tokenBytes', 'tokenPicture'])
      .map((name) => [name, { 200: describeAs({ [responses[name]?.[1]['content-type'] ?? '*/*']: {} }) }]),
  ),
  emptyOnly: { 204: { description: 'Deleted' } },
  emptyOnlyText: { 204: { description: 'Deleted' } },
  descriptionOnly: { 200: { description: 'The user' } },
  descriptionOnlyPicture: { 200: { description: 'The user' } },
  noResponses: {},
  anyValue: { 200: described({}) },
  anyValueTrue: { 200: described({ $ref: '#/components/schemas/Anything' }) },
  anyValueOfSchema: { 200: { description: 'Done', content: { 'application/json': {} } } },
  anyValueChoice: { 200: described({ oneOf: [user, {}] }) },
  anyValueList: { 200: described({ description: 'Whatever there is' }) },
  anyValueAsText: { 200: described({}) },
  anyValueOfRange: { 200: describeAs({ '*/*': {} }) },
  jsonForPicture: { 200: describeAs({ 'image/png': {} }) },
  page: { 200: described({}) },
  other: { 200: described(other), 202: described(created) },
  range: { 200: described(other), '2XX': described(created), default: described({}) },
  secretOnly: { 200: described(other), 202: described({ type: 'string', format: 'password' }) },
  noContent: { 200: described(created), 201: { description: 'Created' } },
  noContentText: { 200: described(created), 201: { description: 'Created' } },
  rangeOnly: { 200: described(created), '2XX': { description: 'Done' } },
  noSchema: { 200: described(created), 201: { description: 'Created', content: { 'application/json': {} } } },
  anyObject: { 201: described(created), 202: described({ type: 'object' }) },
  anyList: { 201: described({ type: 'array', items: created }), 202: described({ type: 'array' }) },
  anyChoice: { 201: described(created), 202: described({ oneOf: [user, { allOf: [{ type: 'object' }] }] }) },
  anyText: { 200: described(created), 201: { description: 'Created' } },
  ownText: { 200: described(created), 201: { description: 'Created', content: { 'text/csv': {} } } },
  ...Object.fromEntries(
    ['undescribed', 'asText', 'asTextJson', 'untypedJson', 'asBytes', 'noJson'].map((name) => [
      name,
      { 200: described(created) },
    ]),
  ),
  textToo: { 200: { description: 'Done', content: { ...described(created).content, 'text/plain': {} } } },
  plainText: { 200: described(other) },
  secretText: { 200: describeAs({ 'text/plain': password }) },
  secretTextAsCsv: { 200: describeAs({ 'text/plain': password }) },
  secretTextAsJson: { 200: describeAs({ 'text/plain': password }) },
  secretTexts: { 200: described(other), 201: describeAs({ 'text/*': password }) },
  secretXml: { 200: describeAs({ 'application/json': created, 'application/xml': created }) },
  secretForm: { 200: describeAs({ 'application/x-www-form-urlencoded': created }) },
  secretLines: { 200: describeAs({ 'application/x-ndjson': created }) },
  secretEvents: { 200: describeAs({ 'text/event-stream': created }) },
  secretItems: {
    200: {
      description: 'Done',
      content: { 'application/jsonl': { itemSchema: { $ref: '#/components/schemas/Made' } } },
    },
  },
  secretParts: { 200: describeAs({ 'multipart/mixed': created }) },
  secretOrAny: { 200: described(other), 201: described({ oneOf: [{ type: 'object' }, password] }) },
}
const form = { type: 'object', properties: { note: { type: 'string' }, scan: binary }, required: ['scan'] }
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  components: { schemas: { Made: created, Anything: true } },
  paths: {
    ...Object.fromEntries(
      Object.keys(responses).map((name) => [
        `/${name}`,
        {
          get: {
            operationId: name,
            responses: responsesOf[name] ?? {},
            'x-mcp-tool': tool(name),
          },
        },
      ]),
    ),
    '/keyed': {
      post: {
        operationId: 'keyed',
        parameters: [keyHeader],
        responses: {
          201: { description: 'Created', content: { 'application/json': { schema: created } } },
        },
        'x-mcp-tool': { ...tool('keyed'), arguments: { 'Idempotency-Key': 'key' } },
        'x-redacted-notice': 'The password is on REST.',
      },
    },
    '/upload': {
      post: {
        operationId: 'upload',
        responses: {},
        'x-mcp-tool': { ...tool('upload'), arguments: { body: 'body' } },
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': { schema: form, encoding: { scan: { contentType: 'image/png' } } },
          },
        },
      },
    },
  },
}

const data = bytes.toString('base64')
const says = (status: number, contentType: string) => ({ structuredContent: { status, contentType } })
/** The result of a success that is no JSON, and may hold secrets. */
const redacts = (status: number, type = 'text/csv') => {
  const text = `Done (${status}); the response is ${type} and is not shown, since it may hold secrets.`
  return { content: [{ type: 'text', text }], ...says(status, type) }
}
/** The result of a success that the document says nothing of. */
const hides = (type = 'application/json') => {
  const text = `Done (200); the response is ${type} and is not shown, since the API's description does not say what it holds.`
  return { content: [{ type: 'text', text }], ...says(200, type) }
}
/** The result of other bytes. */
const encloses = (mimeType: string, body: string | Buffer) => {
  const blob = Buffer.from(body).toString('base64')
  return {
    content: [{ type: 'resource', resource: { uri: 'response:body', mimeType, blob } }],
    ...says(200, mimeType),
  }
}
const redacted = '[redacted]'

/** What each response becomes in MCP. */
const results: Readonly<Record<string, object>> = {
  json: {
    content: [{ type: 'text', text: `{"id":7,"note":"${redacted}"}` }],
    structuredContent: { id: 7, note: redacted },
  },
  ...Object.fromEntries(
    ['list', 'textList', 'markedList', 'oldList'].map((name) => [
      name,
      { content: [{ type: 'text', text: '[1,2]' }], structuredContent: { result: [1, 2] } },
    ]),
  ),
  text: { content: [{ type: 'text', text: `a,b\n${redacted},ö` }], ...says(200, 'text/csv') },
  latin: { content: [{ type: 'text', text: 'ö' }], ...says(200, 'text/plain') },
  ...Object.fromEntries(
    ['xml', 'quotedXml', 'suffixXml', 'charsetXml', 'markedXml', 'wideXml', 'plainXml'].map((name) => [
      name,
      { content: [{ type: 'text', text: expect.stringMatching(/^<[^\ufffd\xc3\ufeff]+\xf6$/) }] },
    ]),
  ),
  nothing: { content: [{ type: 'text', text: 'null' }], structuredContent: { result: null } },
  untyped: { content: [{ type: 'text', text: 'plain' }], ...says(200, 'text/plain') },
  image: { content: [{ type: 'image', data, mimeType: 'image/png' }], ...says(200, 'image/png') },
  audio: { content: [{ type: 'audio', data, mimeType: 'audio/mpeg' }], ...says(200, 'audio/mpeg') },
  file: {
    content: [
      { type: 'resource', resource: { uri: 'response:body', mimeType: 'application/pdf', blob: data } },
    ],
    ...says(200, 'application/pdf'),
  },
  empty: {
    content: [{ type: 'text', text: 'Done (204); the response is empty.' }],
    structuredContent: { status: 204 },
  },
  created: {
    content: [{ type: 'text', text: 'Done (201); the response is empty. Its location is /things/7.' }],
    structuredContent: { status: 201, location: '/things/7' },
  },
  ...Object.fromEntries(
    [
      ...['other', 'range', 'undescribed', 'noContent', 'noContentText', 'rangeOnly', 'noSchema'],
      ...['anyObject', 'anyChoice', 'asText', 'asTextJson', 'untypedJson', 'asBytes'],
    ].map((name) => [
      name,
      { content: [{ type: 'text', text: '{"user":{"id":7}}' }], structuredContent: { user: { id: 7 } } },
    ]),
  ),
  ...Object.fromEntries(
    ['emptyOnly', 'descriptionOnly', 'noResponses', 'anyValue', 'anyValueTrue', 'anyValueOfSchema']
      .concat(['anyValueChoice', 'anyValueList', 'anyValueOfRange', 'jsonForPicture'])
      .map((name) => [name, hides()]),
  ),
  emptyOnlyText: hides('text/plain'),
  descriptionOnlyPicture: hides('image/png'),
  anyValueAsText: hides('text/plain'),
  anyList: { structuredContent: { result: [{ user: { id: 7 } }] } },
  anyText: redacts(201),
  ownText: { content: [{ type: 'text', text: 'a text' }], ...says(201, 'text/csv') },
  secretOnly: { content: [{ type: 'text', text: '{}' }], structuredContent: {} },
  noJson: redacts(200),
  textToo: { content: [{ type: 'text', text: 'a text' }], ...says(200, 'text/plain') },
  plainText: { content: [{ type: 'text', text: 'OK' }], ...says(200, 'text/plain') },
  secretText: redacts(200, 'text/plain'),
  secretTextAsCsv: redacts(200),
  secretTextAsJson: redacts(200, 'application/json'),
  secretTexts: redacts(201, 'text/vnd.shop'),
  secretXml: redacts(200, 'application/xml'),
  secretForm: redacts(200, 'application/x-www-form-urlencoded'),
  secretLines: redacts(200, 'application/x-ndjson'),
  secretEvents: redacts(200, 'text/event-stream'),
  secretItems: redacts(200, 'application/jsonl'),
  secretParts: redacts(200, 'multipart/mixed'),
  secretOrAny: redacts(201),
  tokenItself: encloses('application/jwt', redacted),
  tokenForm: encloses('application/x-www-form-urlencoded', `a=b&token=${redacted}`),
  tokenLines: encloses('application/x-ndjson', `{"token":"${redacted}"}\n`),
  tokenBytes: encloses('application/octet-stream', Buffer.concat([bytes, Buffer.from(` ${redacted}`)])),
  tokenPicture: {
    content: [
      {
        type: 'image',
        data: Buffer.from(`<svg>${redacted}</svg>`).toString('base64'),
        mimeType: 'image/svg+xml',
      },
    ],
    ...says(200, 'image/svg+xml'),
  },
  page: { isError: true, structuredContent: { error: { status: 200 } } },
  moved: { isError: true, structuredContent: { error: { status: 302 } } },
  unchanged: {
    isError: true,
    structuredContent: {
      error: {
        status: 304,
        message: expect.stringMatching(
          / returned 304: nothing has changed since the version that the call names\.$/,
        ),
        nextStep:
          'Use what was read before; to read it again, leave out the argument that names its version.',
      },
    },
  },
  refused: { isError: true, structuredContent: { error: { status: 400, message: 'No such shop' } } },
  fault: { isError: true, structuredContent: { error: { status: 400, message: '<fault>No</fault>' } } },
  problem: { isError: true, structuredContent: { error: { status: 409, message: 'Taken' } } },
}

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream(({ url }, response) => {
    const [status, headers, body] = responses[url.slice(1)] ?? [204, {}, '']
    response.writeHead(status, headers).end(body)
  })
  const environment = { SHOP_BASE_URL: upstream.url, MCP_TOKENS: 'withhold' }
  gateway = await startGateway(upstream.url, environment, { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

describe.each(clients)('$client', ({ connect }) => {
  test('gets each type of response as what it is', async () => {
    const client = await connect({ url: `${gateway.mcpUrl}/mcp` })
    await client.listTools()
    const got: Record<string, unknown> = {}
    for (const name of Object.keys(results)) got[name] = await client.callTool({ name, arguments: {} })
    expect(got).toMatchObject(results)
    expect(JSON.stringify(got.page)).not.toContain('Log in')
    expect(JSON.stringify(got)).not.toMatch(/opaque-secret|b{20}/)
    await client.close()
  })

  test('gets the same result for a repeated idempotency key', async () => {
    const client = await connect({ url: `${gateway.mcpUrl}/mcp` })
    await client.listTools()
    const key = randomUUID()
    const before = upstream.requests.length
    const call = () => client.callTool({ name: 'keyed', arguments: { key } })
    const [first, second] = [await call(), await call()]
    expect(first).toMatchObject({
      content: [{ text: '{"user":{"id":7}}' }, { text: 'The password is on REST.' }],
      structuredContent: { user: { id: 7 } },
    })
    expect(second).toEqual(first)
    expect(upstream.requests.length - before).toBe(1)
    await client.close()
  })

  test('gives a file in a form as Base64 with its name and type', async () => {
    const client = await connect({ url: `${gateway.mcpUrl}/mcp` })
    const scan = { data, filename: 'a "b".png', contentType: 'image/webp' }
    await client.callTool({ name: 'upload', arguments: { body: { note: 'ö', scan } } })
    const sent = upstream.requests.at(-1)
    const { boundary = '' } =
      /boundary=(?<boundary>.*)$/.exec(sent?.headers['content-type'] ?? '')?.groups ?? {}
    const parts = sent?.body.toString('latin1').split(`--${boundary}`) ?? []
    expect(parts.slice(1)).toEqual([
      `\r\nContent-Disposition: form-data; name="note"\r\n\r\n${Buffer.from('ö').toString('latin1')}\r\n`,
      `\r\nContent-Disposition: form-data; name="scan"; filename="a %22b%22.png"\r\nContent-Type: image/webp\r\n\r\n${bytes.toString('latin1')}\r\n`,
      '--\r\n',
    ])
    const refused = await client.callTool({ name: 'upload', arguments: { body: { scan: { data: 'no!' } } } })
    expect(refused.isError).toBe(true)
    await client.close()
  })
})

test('over stdio each type of response is what it is too', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = gateway.gateway.serveStdio(input, output)
  const send = (id: number, method: string, params: object) =>
    input.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
  const clientInfo = { name: 'test', version: '1' }
  send(0, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
  const names = Object.keys(results)
  for (const [index, name] of names.entries()) send(index + 1, 'tools/call', { name, arguments: {} })
  input.end()
  await served
  const lines = String(output.read()).trim().split('\n')
  const replies = new Map(
    lines.map((line) => [asRecord(JSON.parse(line)).id, asRecord(JSON.parse(line)).result]),
  )
  const got = Object.fromEntries(names.map((name, index) => [name, replies.get(index + 1)]))
  expect(got).toMatchObject(results)
  expect(lines.join()).not.toContain('opaque-secret')
})
