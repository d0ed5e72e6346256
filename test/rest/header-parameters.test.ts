import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dropHops } from '../../src/document/header-text.ts'
import { sendRaw } from '../attack/raw-http.ts'
import { describeApi, loadSound } from '../description/loading.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { toMcpRequest } from '../support/servers.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

/** Writes a text as the bytes that UTF-8 has for it, each as one character. */
const bytesOf = (text: string) => Buffer.from(text).toString('latin1')

const text = { type: 'string' }
const inHeader = (name: string, schema: object) => ({ name, in: 'header', schema })
const inCookie = (name: string, schema: object, more: object = {}) => ({
  name,
  in: 'cookie',
  schema,
  ...more,
})
const json = { 'application/json': { schema: { type: 'object' } } }
const get = (operationId: string, parameters: readonly object[], more: object = {}) => ({
  get: { operationId, parameters, responses: { 200: { description: 'Done.' } }, ...more },
})
const record = { type: 'object', properties: { a: text } }
const paths = {
  '/headers': get('headers', [
    inHeader('X-Text', text),
    inHeader('X-Short', { type: 'string', maxLength: 3, pattern: '^[^b]*$' }),
    inHeader('X-City', { enum: ['Malmö', 'Łódź'] }),
    inHeader('X-List', { type: 'array', items: text }),
    inHeader('X-Either', { type: ['string', 'array'], items: text }),
    inHeader('X-Any', {}),
    inHeader('If-Unmodified-Since', text),
    inHeader('If-Modified-Since', text),
    inHeader('From', text),
    inHeader('Referer', text),
    inHeader('Retry-After', { type: 'integer' }),
    inHeader('X-Record', { type: 'object', additionalProperties: text }),
    { name: 'X-Json', in: 'header', content: json },
    { name: 'X-Plain', in: 'header', content: { 'text/plain': { schema: text } } },
  ]),
  '/cookies': get('cookies', [
    inCookie('form', text),
    inCookie('short', { type: 'string', maxLength: 3 }),
    inCookie('list', { type: 'array', items: text }, { explode: false }),
    inCookie('record', record),
    inCookie('plain', text, { style: 'cookie' }),
    { name: 'json', in: 'cookie', content: json },
  ]),
  '/described/{v}': get('described', [
    { name: 'v', in: 'path', required: true, schema: text, 'x-upstream-header': 'X-User' },
  ]),
  '/answers': get('answers', [], {
    responses: { 200: { description: 'Done.', headers: { 'X-Out': {}, 'X-Kept': {} }, content: json } },
  }),
  '/secured': get('secured', [], {
    security: [{ key: [] }],
    'x-constant-headers': { 'X-Place': 'Malmö' },
  }),
}
const securitySchemes = { key: { type: 'apiKey', in: 'header', name: 'X-Key' } }

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream(({ url, headers }, response) => {
    const key = headers['x-key']
    if (url === '/answers')
      respondJson(response, 200, '{}', { connection: 'X-Out, close', 'x-out': 'a', 'x-kept': 'b' })
    else if (key === undefined) respondJson(response, 200, '{}')
    else respondJson(response, 303, '{}', { location: `/login?key=${key}&name=${bytesOf('é')}` })
  })
  const loading = await loadSound({
    ...describeApi(paths, { components: { securitySchemes } }),
    'x-name': 'shop',
  })
  const document = JSON.parse(JSON.stringify(loading.document))
  // Of a credential that is a parameter too the document says what it may hold; otherwise it is ASCII.
  const { get: secured } = document.paths['/secured']
  Object.assign(secured, { parameters: [inHeader('X-Key', text)] })
  Object.assign(secured['x-mcp-tool'], { arguments: { 'X-Key': 'X-Key' } })
  gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Sends a request with these header lines, and gives the response. */
async function sendRest(path: string, ...lines: string[]) {
  const head = [`GET ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')
  const port = Number(new URL(gateway.restUrl).port)
  const [answer] = (await sendRaw(port, Buffer.from(head, 'latin1'))).answers
  return answer
}

/** Sends a request with these header lines; gives what the API got of a header, or the text of the refusal. */
async function callRest(path: string, name: string, ...lines: string[]) {
  const before = upstream.requests.length
  const answer = await sendRest(path, ...lines)
  const sent = upstream.requests.slice(before)
  return sent.length > 0 ? sent.map(({ headers }) => headers[name]) : JSON.parse(answer?.body ?? '{}').detail
}

/** Calls a tool; gives what the API got of a header, or the text of the refusal. */
async function callTool(tool: string, values: object, name: string, headers: Record<string, string> = {}) {
  const before = upstream.requests.length
  const { path, init } = toMcpRequest({ tool, arguments: { ...values } }, { headers })
  const { result } = JSON.parse(await (await fetch(gateway.mcpUrl + path, init)).text())
  const sent = upstream.requests.slice(before)
  return sent.length > 0 ? sent.map((one) => one.headers[name]) : result.content[0].text
}

describe('a header is text in UTF-8', () => {
  test.each(['Voilà', 'à', 'Šimon', 'é', '名', '🙂', 'a\u00a0', '\u00a0a', '\ufeffa', 'a\u0085b'])(
    'from both servers, with each of its bytes (%j)',
    async (value) => {
      const sent = [bytesOf(value)]
      expect(await callRest('/headers', 'x-text', `X-Text: ${bytesOf(value)}`)).toEqual(sent)
      expect(await callTool('headers', { 'X-Text': value }, 'x-text')).toEqual(sent)
      expect(await callTool('headers', { 'X-Plain': value }, 'x-plain')).toEqual(sent)
      const list = [`${bytesOf(value)},b,${bytesOf(value)}`]
      const line = `X-List: ${bytesOf(value)}\t , b ,${bytesOf(value)}`
      expect(await callRest('/headers', 'x-list', line)).toEqual(list)
      expect(await callTool('headers', { 'X-List': [value, 'b', value] }, 'x-list')).toEqual(list)
      expect(await callRest('/headers', 'x-record', `X-Record: a, ${bytesOf(value)}`)).toEqual([
        `a,${bytesOf(value)}`,
      ])
      expect(await callTool('headers', { 'X-Record': { [value]: 'a' } }, 'x-record')).toEqual([
        `${bytesOf(value)},a`,
      ])
      expect(await callTool('described', { v: value }, 'x-user')).toEqual(sent)
      expect(await callRest(`/described/${encodeURIComponent(value)}`, 'x-user')).toEqual(sent)
    },
  )

  test('of which the schema counts characters', async () => {
    const sent = [bytesOf('né名')]
    expect(await callRest('/headers', 'x-short', `X-Short: ${bytesOf('né名')}`)).toEqual(sent)
    expect(await callTool('headers', { 'X-Short': 'né名' }, 'x-short')).toEqual(sent)
    expect(await callRest('/headers', 'x-short', `X-Short: ${bytesOf('éééé')}`)).toMatch(/^header\.X-Short /)
    for (const city of ['Malmö', 'Łódź'])
      expect(await callRest('/headers', 'x-city', `X-City: ${bytesOf(city)}`)).toEqual([bytesOf(city)])
  })

  test('and no other bytes', async () => {
    for (const raw of ['\xe9', 'Voil\xc3', '\xed\xa0\x80', '\xc0\xaf'])
      for (const name of ['X-Text', 'X-List', 'X-Json', 'X-Key'])
        expect(await callRest(name === 'X-Key' ? '/secured' : '/headers', name, `${name}: ${raw}`)).toBe(
          `header.${name} must be UTF-8`,
        )
    expect(await callTool('headers', { 'X-Text': '\ud800' }, 'x-text')).toContain('lone surrogates')
    for (const value of ['a\u0000', 'a\nb', 'a\u007f'])
      expect(await callTool('headers', { 'X-Text': value }, 'x-text')).toContain('that a header can carry')
    for (const value of [' a', 'a\t'])
      expect(await callTool('headers', { 'X-List': ['b', value] }, 'x-list')).toContain('white space')
  })

  test('in JSON, which is sent in ASCII', async () => {
    const sent = ['{"n":"\\u00e9\\u540d"}']
    expect(await callRest('/headers', 'x-json', `X-Json: ${bytesOf('{"n":"é名"}')}`)).toEqual(sent)
    expect(await callTool('headers', { 'X-Json': { n: 'é名' } }, 'x-json')).toEqual(sent)
  })

  test('in credentials and constants', async () => {
    const key = bytesOf('clé-名')
    expect(await callRest('/secured', 'x-key', `X-Key: ${key}`)).toEqual([key])
    expect(await callTool('secured', { 'X-Key': 'clé-名' }, 'x-key')).toEqual([key])
    expect(await callTool('secured', {}, 'x-key', { 'x-key': key })).toEqual([key])
    expect(await callTool('secured', {}, 'x-key', { 'x-key': 'cl\xe9' })).toContain(
      'header.x-key: must be UTF-8',
    )
    expect(await callRest('/secured', 'x-place', 'X-Key: a')).toEqual([bytesOf('Malmö')])
  })
})

describe('a header that stands more than once', () => {
  test.each([
    ...['X-Text', 'X-Any', 'X-Plain', 'If-Unmodified-Since', 'If-Modified-Since', 'From', 'Referer'],
  ])('is no one value (%s)', async (name) => {
    expect(await callRest('/headers', '', `${name}: a`, `${name.toLowerCase()}: b`)).toBe(
      `header.${name} stands more than once; give it one value`,
    )
    expect(await callRest('/headers', name.toLowerCase(), `${name}: a`)).toEqual(['a'])
  })

  test('is none of another type either', async () => {
    const twice = (name: string, value: string) =>
      callRest('/headers', '', `${name}: ${value}`, `${name}: ${value}`)
    for (const [name, value] of [
      ['Retry-After', '1'],
      ['X-Json', '{}'],
    ] as const)
      expect(await twice(name, value)).toBe(`header.${name} stands more than once; give it one value`)
    expect(await callRest('/secured', '', 'X-Key: a', 'X-Key: a')).toMatch(
      /^header\.X-Key stands more than once/,
    )
  })

  test('is a list where its parameter is one', async () => {
    for (const name of ['X-List', 'X-Either'])
      expect(
        await callRest('/headers', name.toLowerCase(), `${name}: a`, 'X-Other: z', `${name}: b,c`),
      ).toEqual(['a,b,c'])
    expect(await callRest('/headers', 'x-record', 'X-Record: a,1', 'X-Record: b,2')).toEqual(['a,1,b,2'])
  })

  test('is nobody’s business where it is no parameter', async () => {
    const lines = ['X-Other: a', 'X-Other: b', 'X-Text: c']
    expect(await callRest('/headers', 'x-text', ...lines)).toEqual(['c'])
  })
})

test('a secret beyond ASCII is taken out of the headers of a response', async () => {
  const answer = await sendRest('/secured', `X-Key: ${bytesOf('clé-secrète')}`)
  expect(answer?.head).toContain(`location: /login?key=[redacted]&name=${bytesOf('é')}\r\n`)
})

describe('a cookie is text in UTF-8', () => {
  test.each([
    ['form', 'é', '%C3%A9'],
    ['form', 'a%20é名', 'a%20%C3%A9%E5%90%8D'],
    ['short', 'éé名', '%C3%A9%C3%A9%E5%90%8D'],
    ['list', 'é,%2C', '%C3%A9,%2C'],
    ['json', '{%22n%22:"é"}', '%7B%22n%22%3A%22%C3%A9%22%7D'],
    // The quotes are a part of the value (RFC 6265 §5.2).
    ['form', '"a"', '%22a%22'],
  ])('%s=%s', async (name, value, sent) => {
    expect(await callRest('/cookies', 'cookie', `Cookie: other=\xff; ${name}=${bytesOf(value)}`)).toEqual([
      `${name}=${sent}`,
    ])
  })

  test('of a member, too', async () => {
    expect(await callRest('/cookies', 'cookie', `Cookie: a=${bytesOf('é')}`)).toEqual(['a=%C3%A9'])
    expect(await callTool('cookies', { record: { a: 'é' } }, 'cookie')).toEqual(['a=%C3%A9'])
  })

  test.each([
    ['form', '\xe9', 'must be UTF-8'],
    ['plain', '\xe9', 'must be UTF-8'],
    ['json', '"\xe9"', 'must be UTF-8'],
    ['form', '%41%ff', 'must be percent-encoded UTF-8'],
    ['form', '100%', 'must be percent-encoded UTF-8'],
    ['list', 'a,%ff', 'must be percent-encoded UTF-8'],
    ['plain', bytesOf('é'), 'must be text that a cookie can carry'],
  ])('and no other bytes: %s=%s', async (name, value, reason) => {
    expect(await callRest('/cookies', 'cookie', `Cookie: ${name}=${value}`)).toBe(`cookie.${name} ${reason}`)
  })
})

describe('a header that its message has for the connection alone goes no further', () => {
  test.each(['X-Text', 'keep-alive, x-text', 'close , X-TEXT', 'x-other,x-text'])(
    'where Connection is %s, upstream',
    async (connection) => {
      const lines = [`Connection: ${connection}`, 'X-Text: a', 'X-Short: c']
      expect(await callRest('/headers', 'x-text', ...lines)).toEqual([undefined])
      expect(await callRest('/headers', 'x-text', 'Connection: keep-alive', 'X-Text: a')).toEqual(['a'])
    },
  )

  test('a cookie is one, too', async () => {
    const lines = ['Connection: Cookie', 'Cookie: short=a']
    expect(await callRest('/cookies', 'cookie', ...lines)).toEqual([undefined])
  })

  test('in little time, however often Connection names it', () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => [`x-${index}`, 'a'])
    const connection = lines.map(([name]) => `${name},x-0,`.repeat(40)).join('')
    const begin = performance.now()
    expect(dropHops({ ...Object.fromEntries(lines), connection, host: 'b' }, lines.flat())).toEqual({
      connection,
      host: 'b',
    })
    expect(performance.now() - begin).toBeLessThan(500)
  })

  test('to the client', async () => {
    const head = (await sendRest('/answers'))?.head ?? ''
    expect(head).toMatch(/^x-kept: b\r$/im)
    expect(head).not.toMatch(/^x-out:/im)
  })
})
