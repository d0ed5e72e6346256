import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeApi, loadSound } from '../description/loading.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { toMcpRequest } from '../support/servers.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const ok = { responses: { 200: { description: 'Done' } } }
const of = (place: string, schema: object, more: object = {}) => ({
  get: {
    ...ok,
    parameters: [{ name: 'v', in: place, required: place === 'path', schema, ...more }],
  },
})
const integer = { type: 'integer' }
const integers = { type: 'array', items: integer }
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
  '/header': of('header', integer),
  '/headers': of('header', integers),
  '/cookie': of('cookie', integer),
  '/form': form({ type: 'object', properties: { a: integer } }),
} satisfies Record<string, object>

/** Each operation has its path as the name of its tool. */
const named = Object.fromEntries(
  Object.entries(paths).map(([path, item]) => {
    const [[method, operation] = []] = Object.entries<object>(item)
    return [path, { [`${method}`]: { operationId: path.split(/[/?]/)[1], ...operation } }]
  }),
)

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respondJson(response, 200, '{}'))
  const { document } = await loadSound({ ...describeApi(named), 'x-name': 'shop' })
  gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, document && { document })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Calls a tool; gives the code of its error, if any, and the targets of what the API got. */
async function callTool(tool: string, values: object) {
  const before = upstream.requests.length
  const { path, init } = toMcpRequest({ tool, arguments: { ...values } })
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

describe('a whole number that is not exact', () => {
  const headers = (text: string) => ({ headers: { v: text } })
  const places: readonly (readonly [
    string,
    (n: number) => object,
    (text: string) => Parameters<typeof callRest>,
  ])[] = [
    ['path', (v) => ({ v }), (text) => [`/path/${text}`]],
    ['paths', (v) => ({ v: [1, v] }), (text) => [`/paths/1,${text}`]],
    ['query', (v) => ({ v }), (text) => [`/query?v=${text}`]],
    ['number', (v) => ({ v }), (text) => [`/number?v=${text}`]],
    ['queries', (v) => ({ v: [1, v] }), (text) => [`/queries?v=1&v=${text}`]],
    ['joined', (v) => ({ v: [1, v] }), (text) => [`/joined?v=1,${text}`]],
    ['deep', (a) => ({ v: { a } }), (text) => [`/deep?v[a]=${text}`]],
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

  test.each(places)('is refused by both servers (%s)', async (tool, toArguments, toRequest) => {
    for (const value of [1e21, 2 ** 53, -(2 ** 53), 1e300]) {
      expect(await callTool(tool, toArguments(value)), `${value}`).toEqual(refusedByTool)
      for (const text of [String(value).replace('+', '%2B'), `${BigInt(value)}`])
        expect(await callRest(...toRequest(text)), text).toEqual(refusedByRest)
    }
    const most = Number.MAX_SAFE_INTEGER
    const sent = await callTool(tool, toArguments(most))
    expect(sent).toEqual([undefined, [expect.anything()]])
  })
})
