import fc from 'fast-check'
import { Pool } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalogue } from '../../mocks/cal-com/errors.ts'
import { startCalCom } from '../../mocks/cal-com/server.ts'
import { describeApi, loadSound } from '../description/loading.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startUpstream } from '../support/upstream-stub.ts'
import {
  type Call,
  isSpelled,
  listServed,
  pickCall,
  type ServedOperation,
  writeArguments,
  writeRest,
} from './calls.ts'
import { createAjv, createValidator } from './validator.ts'
import type { Follow } from './values.ts'

const callsEach = 40
const seed = 20_261_126
const secret = 'x-cal-secret-key'

/** Every type, format and style of a parameter, which the shipped document does not have. */
const shop = describeApi({
  '/things/{day}/{id}': {
    put: {
      operationId: 'put-thing',
      parameters: [
        { name: 'day', in: 'path', required: true, schema: { type: 'string', format: 'date' } },
        { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } },
        { name: 'since', in: 'query', schema: { type: 'string', format: 'date-time' } },
        { name: 'price', in: 'query', schema: { type: 'number', exclusiveMinimum: 0, maximum: 9.5 } },
        { name: 'sold', in: 'query', schema: { type: 'boolean' } },
        { name: 'tags', in: 'query', schema: { type: 'array', items: { type: 'string' }, maxItems: 3 } },
        { name: 'ids', in: 'query', explode: false, schema: { type: 'array', items: { type: 'integer' } } },
        { name: 'x-version', in: 'header', schema: { type: 'integer', minimum: 1 } },
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['at', 'zone'],
              properties: {
                at: { type: 'string', format: 'date-time' },
                zone: { type: 'string', format: 'iana-time-zone' },
                mail: { type: ['string', 'null'], format: 'email' },
                address: {
                  oneOf: [
                    { type: 'string', format: 'ipv4' },
                    { type: 'string', format: 'ipv6' },
                  ],
                },
                name: { type: 'string', minLength: 2, maxLength: 5 },
                sizes: {
                  type: 'array',
                  items: { type: 'number' },
                  minItems: 1,
                  maxItems: 2,
                  uniqueItems: true,
                },
              },
              additionalProperties: { type: 'boolean' },
            },
          },
        },
      },
      responses: { 200: { description: 'OK', content: { 'application/json': { schema: {} } } } },
    },
  },
})

/** How the mock of Cal.com refuses what it takes for wrong; its other errors tell of users and clients. */
const refusals = [
  ...(['validation', 'bad_user_id', 'bad_email_filter', 'bad_email_create', 'malformed_json'] as const),
  ...(['payload_too_large', 'unexpected'] as const),
].map((id) => `"${catalogue[id].message}"`)

/** What the gateway itself says of a call that is wrong; its other errors tell of what it remembers. */
const refusal =
  /urn:calgate:error:(?:invalid_argument|missing_credentials|route_not_found|malformed_json|body_too_large)\b/

/** The eras of MCP take turns. */
const prefix = 'io.modelcontextprotocol'
const meta = { [`${prefix}/protocolVersion`]: '2026-07-28', [`${prefix}/clientCapabilities`]: {} }

/** Names a call in a report. */
function brief(...parts: unknown[]): string {
  const text = parts.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' ')
  return text.replaceAll(/(.)\1{20,}/gu, (run) => `${run.slice(0, 4)}…`).slice(0, 500)
}

const documents = [
  {
    name: 'the shipped document, in front of the mock',
    load: async () => undefined,
    start: () => startCalCom({ throttles: false }),
  },
  { name: 'a document of every type and format', load: () => loadSound(shop), start: () => startUpstream() },
]

describe.each(documents)('$name', ({ load, start }) => {
  let upstream: Awaited<ReturnType<typeof start>>
  let gateway: RunningGateway
  let served: string
  let calls: { operation: ServedOperation; call: Call }[]

  beforeAll(async () => {
    upstream = await start()
    const loading = await load()
    gateway = await startGateway(upstream.url, {}, loading?.document ? { document: loading.document } : {})
    served = await (await fetch(`${gateway.restUrl}/openapi.json`)).text()
    const { schemas } = JSON.parse(served).components
    const follow: Follow = (schema) => schemas?.[String(schema.$ref).split('/').at(-1) ?? ''] ?? schema
    calls = listServed(served).flatMap((operation) => {
      const all = fc
        .gen()
        .map((gen) =>
          pickCall(operation, (values) => gen(fc.constantFrom<(typeof values)[number][]>, ...values), follow),
        )
      return fc
        .sample(all, { numRuns: callsEach, seed })
        .filter(isSpelled)
        .map((call) => ({ operation, call }))
    })
  })
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  })

  /** Sends calls some at a time, and reports those that the gateway or what is behind it does not take as expected. */
  async function compare(
    url: string,
    requests: readonly {
      readonly wrong: readonly string[]
      readonly request: Parameters<Pool['request']>[0]
    }[],
  ) {
    const pool = new Pool(url, { connections: 16 })
    const taken = requests.filter(({ wrong }) => wrong.length === 0)
    // Both are there, or the comparison says nothing.
    expect(Math.min(taken.length, requests.length - taken.length)).toBeGreaterThan(requests.length / 8)
    const reports = requests.map(async ({ wrong, request }) => {
      const { body } = await pool.request(request)
      const text = await body.text()
      const isTaken = !refusal.test(text)
      const isAgreed =
        isTaken === (wrong.length === 0) && !(isTaken && refusals.some((one) => text.includes(one)))
      return isAgreed ? [] : brief(request, 'has wrong', wrong, 'and gets', text)
    })
    const all = await Promise.all(reports)
    await pool.close()
    expect(all.flat()).toEqual([])
  }

  it('says what the gateway and the API take on REST', async () => {
    const validator = createValidator(served)
    const requests = calls.flatMap(({ operation, call }) => {
      const written = writeRest(operation, call)
      if (!written) return []
      const { target: path, body = null, ...others } = written
      return [{ wrong: validator.checkRequest(operation, written), request: { path, body, ...others } }]
    })
    await compare(gateway.restUrl, requests)
  })

  it('says what the gateway and the API take on MCP', async () => {
    const validator = createValidator(served)
    const requests = calls.map(({ operation, call }, index) => {
      const values = writeArguments(operation, call)
      const { name } = operation.tool
      const params = { name, arguments: values, ...(index % 2 === 0 ? {} : { _meta: meta }) }
      const headers = {
        'content-type': 'application/json',
        ...(index % 2 === 0
          ? {}
          : { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name }),
      }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
      return {
        wrong: validator.checkArguments(operation, values),
        request: { path: '/mcp', method: 'POST', headers, body },
      }
    })
    await compare(gateway.mcpUrl, requests)
  })

  it('says what the schemas of tools say, but for a secret and formats that no standard knows', async () => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    const response = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
    const { result } = Object(await response.json())
    const ajv = createAjv()
    const schemas = new Map(
      Object.values<{ name: string; inputSchema: object }>(result.tools).map(({ name, inputSchema }) => [
        name,
        ajv.compile(inputSchema),
      ]),
    )
    const validator = createValidator(served, createAjv().addFormat('iana-time-zone', true))
    const reports = calls.flatMap(({ operation, call }) => {
      const all = { [secret]: 'demo-secret', ...writeArguments(operation, call) }
      const given = Object.entries(all).filter(([, value]) => value !== null)
      const values = Object.fromEntries(given)
      const wrong = validator.checkArguments(operation, values)
      const isTaken = schemas.get(operation.tool.name)?.(values)
      return isTaken === (wrong.length === 0) ? [] : brief(operation.tool.name, values, 'has wrong', wrong)
    })
    expect(reports).toEqual([])
  })
})
