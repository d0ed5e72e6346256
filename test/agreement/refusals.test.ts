import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeApi, loadSound } from '../description/loading.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { toMcpRequest } from '../support/servers.ts'
import {
  type ReceivedRequest,
  respondJson,
  startUpstream,
  type UpstreamStub,
} from '../support/upstream-stub.ts'

const ok = { responses: { 200: { description: 'Done' } } }
const of = (place: string, schema: object, more: object = {}) => ({
  get: {
    ...ok,
    parameters: [{ name: 'v', in: place, required: place === 'path', schema, ...more }],
  },
})
const integer = { type: 'integer' }
const integers = { type: 'array', items: integer }
const texts = { type: 'object', additionalProperties: { type: 'string' } }
const form = (schema: object) => ({
  post: { ...ok, requestBody: { content: { 'application/x-www-form-urlencoded': { schema } } } },
})

const paths = {
  '/path/{v}': of('path', integer),
  '/paths/{v}': of('path', integers),
  '/query': of('query', integer),
  '/number': of('query', { type: 'number' }),
  '/queries': of('query', integers),
  '/joined': of('query', integers, { explode: false }),
  '/deep': of('query', { type: 'object', properties: { a: integer } }, { style: 'deepObject' }),
  '/json': {
    get: {
      ...ok,
      parameters: [
        {
          ...{ name: 'v', in: 'query' },
          content: { 'application/json': { schema: { type: 'object', properties: { a: integer } } } },
        },
      ],
    },
  },
  '/parts': {
    post: {
      ...ok,
      requestBody: {
        content: { 'multipart/form-data': { schema: { type: 'object', properties: { a: integer } } } },
      },
    },
  },
  '/pinned': of('query', integer, { 'x-pin': {}, 'x-upstream-header': 'x-number' }),
  '/header': of('header', integer),
  '/headers': of('header', integers),
  '/cookie': of('cookie', integer),
  '/form': form({ type: 'object', properties: { a: integer } }),
  '/open': of('query', texts),
  '/constant?draft=false': of('query', texts),
  '/named': of('query', { type: 'object', properties: { a: { type: 'string' } } }),
  '/untyped': of('query', {}),
  '/two': {
    get: {
      ...ok,
      parameters: [
        { name: 'v', in: 'query', schema: { type: 'object', properties: { a: {} } } },
        { name: 'w', in: 'query', schema: texts },
      ],
    },
  },
  '/whole?draft=false': {
    get: {
      ...ok,
      parameters: [
        { name: 'v', in: 'querystring', content: { 'application/x-www-form-urlencoded': { schema: texts } } },
      ],
    },
  },
  '/cookies': of('cookie', texts),
  '/crumbs': {
    get: {
      ...of('cookie', { type: 'object', properties: { a: {}, b: {}, session: {}, theme: {} } }).get,
      'x-constant-headers': { Cookie: 'theme=dark' },
    },
  },
  '/described/{v}': of('path', { type: 'string' }, { 'x-upstream-header': 'x-user' }),
  '/text': of('header', { type: 'string' }),
  '/words': of('header', { type: 'array', items: { type: 'string' } }),
  '/plain': {
    get: {
      ...ok,
      parameters: [{ name: 'v', in: 'header', content: { 'text/plain': { schema: { type: 'string' } } } }],
    },
  },
  '/label/{v}': of('path', integers, { style: 'label' }),
  '/matrix/{v}': of('path', integers, { style: 'matrix' }),
  '/matrices/{v}': of('path', integers, { style: 'matrix', explode: true }),
  '/labelled/{v}': of('path', texts, { style: 'label', explode: true }),
  '/tree': of('query', { type: 'object' }, { style: 'deepObject' }),
  '/login': { get: { ...ok, security: [{ login: [] }] } },
  '/members': of('header', texts, { explode: true }),
} satisfies Record<string, object>

/** Each operation has its path as the name of its tool. */
const named = Object.fromEntries(
  Object.entries(paths).map(([path, item]) => {
    const [[method, operation] = []] = Object.entries<object>(item)
    // A path with a constant query has no exposed path of its own.
    const more = path.includes('?') ? { 'x-rest-path': path.replace(/\?.*/, '') } : {}
    return [path, { [`${method}`]: { operationId: path.split(/[/?]/)[1], ...more, ...operation } }]
  }),
)

const pinned = '9007199254740993'

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respondJson(response, 200, '{}'))
  const scheme = (place: string, name: string) => ({
    ...{ type: 'apiKey', in: place, name, 'x-configured-only': true, 'x-env': { value: 'SHOP_KEY' } },
  })
  const securitySchemes = {
    key: scheme('query', 'api_key'),
    session: scheme('cookie', 'session'),
    login: { type: 'apiKey', in: 'cookie', name: 'login' },
  }
  const secured = { security: [{ key: [], session: [] }], components: { securitySchemes } }
  const { document } = await loadSound({ ...describeApi(named, secured), 'x-name': 'shop' })
  const environment = { SHOP_BASE_URL: upstream.url, SHOP_KEY: 'operator-key-1', SHOP_V: pinned }
  gateway = await startGateway(upstream.url, environment, document && { document })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Calls a tool; gives the code of its error, if any, and the targets of what the API got. */
async function callTool(tool: string, values: object, headers: Record<string, string> = {}) {
  const before = upstream.requests.length
  const { path, init } = toMcpRequest({ tool, arguments: { ...values } }, { headers })
  const { result } = JSON.parse(await (await fetch(gateway.mcpUrl + path, init)).text())
  return [result.structuredContent?.error?.code, upstream.requests.slice(before).map(({ url }) => url)]
}

/** Sends a request to the REST server; gives its status and the targets of what the API got. */
async function callRest(target: string, init?: RequestInit) {
  const before = upstream.requests.length
  const { status } = await fetch(gateway.restUrl + target, init)
  return [status, upstream.requests.slice(before).map(({ url }) => url)]
}

const refusedByTool = ['invalid_argument', []]
const refusedByRest = [400, []]

describe('a whole number beyond 2^53', () => {
  const sent = ['9007199254740992', '9007199254740993', '9223372036854775807', '18446744073709551615']
  const holds = (text: string) => (request?: ReceivedRequest) =>
    `${JSON.stringify(request)}${request?.body}`.includes(text)
  const headers = (text: string) => ({ headers: { v: text } })
  const places: readonly (readonly [
    string,
    (value: unknown) => object,
    (text: string) => Parameters<typeof callRest>,
  ])[] = [
    ['path', (v) => ({ v }), (text) => [`/path/${text}`]],
    ['paths', (v) => ({ v: [1, v] }), (text) => [`/paths/1,${text}`]],
    ['query', (v) => ({ v }), (text) => [`/query?v=${text}`]],
    ['number', (v) => ({ v }), (text) => [`/number?v=${text}`]],
    ['queries', (v) => ({ v: [1, v] }), (text) => [`/queries?v=1&v=${text}`]],
    ['joined', (v) => ({ v: [1, v] }), (text) => [`/joined?v=1,${text}`]],
    ['deep', (a) => ({ v: { a } }), (text) => [`/deep?v[a]=${text}`]],
    ['label', (v) => ({ v: [1, v] }), (text) => [`/label/.1,${text}`]],
    ['matrices', (v) => ({ v: [1, v] }), (text) => [`/matrices/;v=1;v=${text}`]],
    ['json', (a) => ({ v: { a } }), (text) => [`/json?v={"a":${text}}`]],
    ['header', (v) => ({ v }), (text) => ['/header', headers(decodeURIComponent(text))]],
    ['headers', (v) => ({ v: [1, v] }), (text) => ['/headers', headers(`1, ${decodeURIComponent(text)}`)]],
    ['cookie', (v) => ({ v }), (text) => ['/cookie', { headers: { cookie: `v=${text}` } }]],
    [
      'form',
      (a) => ({ body: { a } }),
      (text) => [
        '/form',
        {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `a=${text}`,
        },
      ],
    ],
  ]

  test.each(places)(
    'is sent with all its digits by both servers (%s)',
    async (tool, toArguments, toRequest) => {
      for (const text of sent) {
        const own = `${tool === 'number' ? '' : '-'}${text}`
        expect((await callTool(tool, toArguments(JSON.rawJSON(own))))[1], own).toHaveLength(1)
        expect(upstream.requests.at(-1)).toSatisfy(holds(own))
        expect((await callRest(...toRequest(own)))[0], own).toBe(200)
        expect(upstream.requests.at(-1)).toSatisfy(holds(own))
      }
    },
  )

  test('is told from the one that a pin would be rounded to', async () => {
    const target = `/pinned?v=${pinned}`
    const sent = [`${target}&api_key=operator-key-1`]
    for (const values of [{}, { v: JSON.rawJSON(pinned) }])
      expect(await callTool('pinned', values)).toEqual([undefined, sent])
    expect(upstream.requests.at(-1)?.headers).toMatchObject({ 'x-number': pinned })
    expect(await callRest(target)).toEqual([200, sent])
    const other = pinned.replace(/3$/, '2')
    expect(await callTool('pinned', { v: JSON.rawJSON(other) })).toEqual(['value_not_served', []])
    expect(await callRest(`/pinned?v=${other}`)).toEqual([expect.anything(), []])
  })

  test('is a text in a part of a form', async () => {
    expect(await callTool('parts', { body: { a: JSON.rawJSON('9007199254740993') } })).toEqual([
      undefined,
      ['/parts?api_key=operator-key-1'],
    ])
    const body = `${upstream.requests.at(-1)?.body}`
    expect(body).toContain('name="a"\r\n\r\n9007199254740993\r\n')
    const form = new FormData()
    form.set('a', '9007199254740993')
    expect(await callRest('/parts', { method: 'POST', body: form })).toEqual([200, [expect.anything()]])
  })

  test.each(places.filter(([tool]) => tool !== 'json'))(
    'is refused where it is too long by both servers (%s)',
    async (tool, toArguments, toRequest) => {
      for (const value of [1e21, -1e21, 1e300]) {
        expect(await callTool(tool, toArguments(value)), `${value}`).toEqual(refusedByTool)
        const digits = `${BigInt(value)}`
        expect(await callTool(tool, toArguments(JSON.rawJSON(digits))), digits).toEqual(refusedByTool)
        for (const text of [String(value).replace('+', '%2B'), digits])
          expect(await callRest(...toRequest(text)), text).toEqual(refusedByRest)
      }
      const most = Number.MAX_SAFE_INTEGER
      const sent = await callTool(tool, toArguments(most))
      expect(sent).toEqual([undefined, [expect.anything()]])
    },
  )
})

describe('a member of an exploded object', () => {
  test.each([
    ['open', 'api_key'],
    ['constant', 'draft'],
    ['constant', 'api_key'],
    ['whole', 'draft'],
    ['whole', 'api_key'],
    ['named', 'admin'],
    ['untyped', 'admin'],
  ])('is no other parameter of the query (%s, %s)', async (tool, name) => {
    expect(await callTool(tool, { v: { [name]: 'mine' } })).toEqual(refusedByTool)
    expect(await callRest(`/${tool}?${name}=mine`)).toEqual(refusedByRest)
  })

  test('is none of another object', async () => {
    expect(await callTool('two', { w: { a: 'mine' } })).toEqual(refusedByTool)
    const sent = ['/two?a=mine&b=mine&api_key=operator-key-1']
    expect(await callTool('two', { v: { a: 'mine' }, w: { b: 'mine' } })).toEqual([undefined, sent])
    expect(await callRest('/two?a=mine&b=mine')).toEqual([200, sent])
  })

  test.each([
    ...['session', 'session=mine; x', 'x; session', 'a b', 'a\r\nx-evil: 1', 'a,b', '日', 'é', ''],
    ...['a\u0000', 'a"', '(a)', 'a/b', 'a\u007f'],
  ])('is no other cookie (%j)', async (name) => {
    expect(await callTool('cookies', { v: { [name]: 'mine' } })).toEqual(refusedByTool)
  })

  test.each(['session', 'theme'])('is no other cookie on REST (%s)', async (name) => {
    expect(await callTool('crumbs', { v: { [name]: 'mine' } })).toEqual(refusedByTool)
    expect(await callRest('/crumbs', { headers: { cookie: `${name}=mine` } })).toEqual(refusedByRest)
  })

  test.each(["!#$%&'*+-.^_`|~", 'a'])('is a cookie with the name of a token (%s)', async (name) => {
    expect(await callTool('cookies', { v: { [name]: 'mine' } })).toEqual([
      undefined,
      [expect.stringContaining('/cookies')],
    ])
    expect(upstream.requests.at(-1)?.headers.cookie).toBe(`${name}=mine; session=operator-key-1`)
  })

  test('is no cookie without a value', async () => {
    expect(await callRest('/crumbs', { headers: { cookie: 'a; b=v' } })).toEqual([
      200,
      [expect.stringContaining('/crumbs')],
    ])
    expect(upstream.requests.at(-1)?.headers.cookie).toBe('theme=dark; b=v; session=operator-key-1')
  })

  test('is no cookie that stands twice', async () => {
    expect(await callRest('/crumbs', { headers: { cookie: 'a=v; a=w' } })).toEqual(refusedByRest)
  })

  test.each(['a=b', 'a,b', 'a\r\nx-evil: 1', 'a\u007f'])(
    'has a name that a header can carry (%j)',
    async (name) => {
      expect(await callTool('members', { v: { [name]: 'mine' } })).toEqual(refusedByTool)
    },
  )
})

describe('a value without a spelling', () => {
  test.each(['a\u007f', ' a', 'a ', 'a\u0000'])(
    'is refused before it is sent in a header, too (%j)',
    async (v) => {
      expect(await callTool('described', { v })).toEqual(refusedByTool)
      expect(await callRest(`/described/${encodeURIComponent(v)}`)).toEqual(refusedByRest)
    },
  )

  test.each<readonly [string, unknown]>([
    ...['text', 'plain'].flatMap((tool) => [' a', 'a ', ' ', '\ta', 'a\t'].map((v) => [tool, v] as const)),
    ['words', ['x', ' a']],
    ['words', ['a\t', 'x']],
    ['words', ['x', ' ']],
    ['members', { a: ' b' }],
    ['members', { ' a': 'b' }],
  ])('has blanks around it, which are no part of a header (%s, %j)', async (tool, v) => {
    expect(await callTool(tool, { v })).toEqual(refusedByTool)
  })

  test.each([
    ['label', '.'],
    ['matrix', ';v'],
    ['matrices', ';'],
  ])('is an empty list in a path (%s)', async (tool, text) => {
    expect(await callTool(tool, { v: [] })).toEqual(refusedByTool)
    expect((await callRest(`/${tool}/${text}`))[1]).toEqual([])
  })

  test('is an empty object in a path', async () => {
    expect(await callTool('labelled', { v: {} })).toEqual(refusedByTool)
  })

  test('is a member of a deepObject without a name, which is an element of a list', async () => {
    expect(await callTool('tree', { v: { '': 'x' } })).toEqual(refusedByTool)
    expect(await callTool('tree', { v: { a: { '': 'x' } } })).toEqual(refusedByTool)
    expect(await callRest('/tree?v[]=x')).toEqual(refusedByRest)
    expect(await callRest('/tree?v[a][]=x')).toEqual([200, [expect.stringContaining('/tree?v[a][0]=x')]])
  })
})

describe('a credential in a cookie', () => {
  test.each(['mine; admin=true', 'mine;admin=true', ';'])('is no second cookie (%j)', async (login) => {
    expect(await callTool('login', {}, { login })).toEqual(refusedByTool)
  })

  test.each(['mine', 'a%3B%20admin=true', 's%3Aabc%2Fd+e==', '"a,b"', 'a b'])(
    'is sent as it came (%s)',
    async (login) => {
      expect(await callTool('login', {}, { login })).toEqual([undefined, ['/login']])
      expect(await callRest('/login', { headers: { cookie: `login=${login}; other=x` } })).toEqual([
        200,
        ['/login'],
      ])
      const sent = upstream.requests.slice(-2).map(({ headers }) => headers.cookie)
      expect(sent).toEqual([`login=${login}`, `login=${login}`])
    },
  )
})
