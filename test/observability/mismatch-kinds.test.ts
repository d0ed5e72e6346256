import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const refer = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const describe = (operationId: string, schema: object) => ({
  get: {
    operationId,
    responses: { 200: { description: 'Done', content: { 'application/json': { schema } } } },
  },
})
const wide = Object.fromEntries(Array.from({ length: 1_100 }, (_, n) => [`m${n}`, { type: 'string' }]))
const linked = (next: string) => ({
  type: 'object',
  properties: { name: { type: 'string' }, next: refer(next) },
})
const document = {
  ...{ openapi: '3.1.0', info: { title: 'Trees', version: '1' }, 'x-name': 'trees' },
  paths: {
    '/tree': describe('tree', refer('Tree')),
    '/wrapped': describe('wrapped', {
      type: 'object',
      properties: { data: { anyOf: [refer('Tree'), { type: 'null' }] } },
    }),
    '/left': describe('left', refer('Left')),
    '/map': describe('map', refer('Map')),
    '/wide': describe('wide', { type: 'object', properties: wide }),
  },
  components: {
    schemas: {
      Tree: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          left: { allOf: [refer('Tree'), { description: 'the left one' }] },
          right: refer('Tree'),
          children: { type: 'array', items: { oneOf: [refer('Tree'), { type: 'null' }] } },
        },
      },
      Left: linked('Right'),
      Right: linked('Left'),
      Map: {
        type: 'object',
        properties: { name: { type: 'string' } },
        additionalProperties: refer('Map'),
      },
    },
  },
}

let upstream: UpstreamStub
let gateway: RunningGateway
let body: unknown
let now = 0
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respondJson(response, 200, body))
  const clock = () => {
    now += 1_000
    return now
  }
  const environment = { TREES_BASE_URL: upstream.url }
  gateway = await startGateway(upstream.url, environment, { document, sampling: { clock, random: () => 0 } })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

/** Returns the pointers and rules that responses of an operation are counted under. */
async function observe(operation: string, bodies: readonly unknown[]): Promise<string[]> {
  for (const one of bodies) {
    body = one
    expect((await fetch(`${gateway.restUrl}/${operation}`)).status).toBe(200)
  }
  const sampled = `calgate_responses_sampled_total{operation="${operation}"} ${bodies.length}\n`
  const read = async () => (await gateway.gateway.control.inject('/metrics')).body
  await expect.poll(read).toContain(sampled)
  const series = /^calgate_response_mismatches_total\{operation="(.*)",pointer="(.*)",rule="(.*)"\} /gm
  return [...(await read()).matchAll(series)]
    .filter(([, name]) => name === operation)
    .map(([, , pointer, rule]) => `${pointer} ${rule}`)
    .sort()
}

/** Nests a value in others of its kind, each by the next of the ways. */
function nest(value: unknown, depth: number, ways: readonly ((inner: unknown) => unknown)[]): unknown {
  let whole = value
  for (let level = 0; level < depth; level += 1) whole = ways[level % ways.length]?.(whole)
  return whole
}

const left = (inner: unknown) => ({ name: 'a', left: inner })
const right = (inner: unknown) => ({ name: 'a', right: inner })
const children = (inner: unknown) => ({ name: 'a', children: [null, inner] })
const next = (inner: unknown) => ({ name: 'a', next: inner })

/** Values of every depth and every order of a few ways. */
function nestAll(value: unknown, ways: readonly ((inner: unknown) => unknown)[]): unknown[] {
  const orders = [...ways.map((way) => [way]), ways, [...ways].reverse()]
  return [1, 2, 3, 40, 41].flatMap((depth) => orders.map((order) => nest(value, depth, order)))
}

test.each<[string, unknown[], string[]]>([
  [
    'tree',
    nestAll({ name: 1, more: 1 }, [left, right, children]),
    ['/? undocumented', '/children/* oneOf', '/name type'],
  ],
  [
    'wrapped',
    nestAll({ name: 1 }, [left, right, children]).map((data) => ({ data })),
    ['/data type', '/data/children/* oneOf', '/data/name type'],
  ],
  ['left', nestAll({ name: 1 }, [next]), ['/name type', '/next/name type']],
  ['map', nestAll({ name: 1 }, [(inner) => ({ any: inner }), (inner) => ({ other: inner })]), ['/name type']],
])('what contains itself is named once, however deep: %s', async (operation, bodies, kinds) => {
  expect(await observe(operation, bodies)).toEqual(kinds)
})

test('beyond a thousand kinds all others are counted as one', async () => {
  const kinds = await observe('wide', [Object.fromEntries(Object.keys(wide).map((name) => [name, 1]))])
  expect(kinds).toContain('? type')
  expect(kinds.length).toBeLessThanOrEqual(1_001)
  const { body: text } = await gateway.gateway.control.inject('/metrics')
  const counted = [...text.matchAll(/^calgate_response_mismatches_total\{operation="wide".*\} (\d+)$/gm)]
  expect(counted.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(1_100)
})
