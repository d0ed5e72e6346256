import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server'
import { describe, expect, it } from 'vitest'
import { openGrant } from '../../src/access/authorization.ts'
import { createFastPath } from '../../src/mcp/fast-path.ts'
import { createSdkPath } from '../../src/mcp/protocol.ts'
import { initializeVersions } from '../../src/mcp/revisions.ts'
import { createTools } from '../../src/mcp/tools.ts'
import { unwatchedConnection } from '../../src/upstream/client.ts'
import { answer, createOptions, operations, type Respond, secretValue } from './example.ts'

const identity = { name: 'calgate', title: 'A gateway', version: '1.2.3', instructions: 'Read first.' }
const context = {
  credential: () => secretValue,
  listSecrets: () => [],
  grant: openGrant,
  connection: unwatchedConnection,
}
const prefix = 'io.modelcontextprotocol'

function createPaths(respond?: Respond, policy: object = {}) {
  const { options } = createOptions(respond)
  const tools = createTools({
    ...options,
    policy: { ...options.policy, ...policy },
    onUnexpectedError: () => {},
  })
  return { fast: createFastPath({ tools, identity }), sdk: createSdkPath({ tools, identity }) }
}

/** The eras, each with what a client of it adds to a request. */
const eras = [
  { era: 'the initialize era', headers: { 'mcp-protocol-version': '2025-11-25' }, meta: undefined },
  { era: 'the initialize era, with a token', headers: {}, meta: { progressToken: 7, 'example.org/a': 1 } },
  {
    era: '2026-07-28',
    headers: { 'mcp-protocol-version': '2026-07-28' },
    meta: {
      [`${prefix}/protocolVersion`]: '2026-07-28',
      [`${prefix}/clientInfo`]: { name: 'c', version: '1', title: null, icons: [{ sizes: '16x16' }] },
      [`${prefix}/clientCapabilities`]: { elicitation: { form: {} }, sampling: null },
      progressToken: 'p',
    },
  },
] as const
type Era = (typeof eras)[number]

const values = { shopId: 'abc', bookId: 7, body: { title: 'T' } }

function call(name: string, given: object = values) {
  const operation = operations.find(({ tool }) => tool?.name === name)
  const names = Object.keys(operation?.tool?.arguments ?? values)
  const own = Object.entries(given).filter(([one]) => names.includes(one))
  return { method: 'tools/call', params: { name, arguments: Object.fromEntries(own) } }
}

function address(
  { headers, meta }: Era,
  { method, params }: { method: string; params: object },
  id: unknown,
) {
  const name = 'name' in params ? { 'mcp-name': String(params.name) } : {}
  return {
    message: { jsonrpc: '2.0', id, method, params: meta ? { ...params, _meta: meta } : params },
    headers: { ...headers, 'mcp-method': method, ...name },
  }
}

/** Each question has a state of its own. */
function withoutState(reply: { status: number; body?: string } | undefined) {
  return { ...reply, body: reply?.body?.replace(/(?<="requestState":")\d+\.[\w-]{22}\.[\w-]{43}(?=")/, '') }
}

const list = { method: 'tools/list', params: {} }
const token = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiJhZGEifQ', 'c2lnbmF0dXJlLWV4YW1wbGU'].join('.')
const cases: readonly [string, { method: string; params: object }, (Respond | undefined)?, object?][] = [
  ['the list', list],
  ...operations.map(({ id }): [string, { method: string; params: object }] => [
    `a success of ${id}`,
    call(id),
  ]),
  ['an unknown tool', call('nope')],
  ['arguments that are refused', call('get-book', { shopId: 'A', bookId: 0 })],
  ['a call without arguments', { method: 'tools/call', params: { name: 'get-book' } }],
  [
    'a response with many members',
    call('list-books'),
    () => answer(200, { data: [{ 2: 'b', 1: 'a' }, null] }),
  ],
  ['a response that is no object', call('get-book'), () => answer(200, '[1.50, "é\\u2028"]')],
  ['an empty response', call('get-book'), () => answer(204, '')],
  ['an error of the API', call('get-book'), () => answer(404, { error: { code: 'Gone', message: 'No.' } })],
  ['an error that is no JSON', call('get-book'), () => answer(502, '<h1>')],
  ['a fault of ours', call('get-book'), () => Promise.reject(new Error('unforeseen'))],
  [
    'a redacted response',
    call('get-book'),
    () => answer(200, { status: token, data: { id: 1, title: 'T', token: 't', more: 1 } }),
    { redactTokens: true },
  ],
  ['a question, or the refusal without one', call('burn-book'), undefined, { confirmDelete: true }],
]

it('knows the revisions of the SDK', () => {
  expect([...initializeVersions]).toEqual([undefined, ...SUPPORTED_PROTOCOL_VERSIONS])
})

describe.each(eras)('in $era the fast path', (era) => {
  it.each(cases)('writes for %s what the SDK writes', async (_, request, respond, policy) => {
    const { fast, sdk } = createPaths(respond, policy)
    for (const id of [1, 'a"é']) {
      const { message, headers } = address(era, request, id)
      const own = await fast(message, headers, context)
      expect(own?.body).toContain('"jsonrpc":"2.0"')
      expect(withoutState(own)).toEqual(withoutState(await sdk(message, headers, context)))
    }
  })

  it.each([
    ['no object', [{}]],
    ['of another version of JSON-RPC', { jsonrpc: '1.0' }],
    ['with an id that is none', { id: 1.5 }],
    ['without an id', { id: undefined }],
    ['of another method', { method: 'ping' }],
    ['with a member that is not known', { more: 1 }],
    ['with parameters that are none', { params: [] }],
    ['with a parameter that the SDK acts on', { params: { name: 'get-book', requestState: 'x' } }],
    ['whose name is none', { params: { name: 7 } }],
    ['whose arguments are none', { params: { name: 'get-book', arguments: [] } }],
  ])('leaves to the SDK a message %s', (_, changes) => {
    const { fast } = createPaths()
    const { message, headers } = address(era, call('get-book'), 1)
    const { params } = message
    const changed =
      'params' in changes && !Array.isArray(changes.params) ? { ...params, ...changes.params } : undefined
    const odd = { ...message, ...changes, ...(changed && { params: changed }) }
    expect(fast(Array.isArray(changes) ? changes : odd, headers, context)).toBeUndefined()
  })

  it('leaves to the SDK what the headers do not agree with', () => {
    const { fast } = createPaths()
    const { message, headers } = address(era, call('get-book'), 1)
    const versions = [
      '1999-01-01',
      '2099-01-01',
      era.meta && 'progressToken' in era.meta ? 'x' : '2026-07-28',
    ]
    for (const version of versions)
      expect(fast(message, { ...headers, 'mcp-protocol-version': version }, context)).toBeUndefined()
    if (era.era !== '2026-07-28') return
    for (const more of [{ 'mcp-method': 'tools/list' }, { 'mcp-name': 'other' }, { 'mcp-name': undefined }])
      expect(fast(message, { ...headers, ...more }, context)).toBeUndefined()
  })

  it('leaves to the SDK an envelope that it might refuse or act on', () => {
    const { fast } = createPaths()
    const odd = [
      null,
      [],
      { progressToken: 1.5 },
      { [`${prefix}/related-task`]: { taskId: 'a' } },
      { [`${prefix}/logLevel`]: 'debug' },
      { [`${prefix}/protocolVersion`]: '2025-11-25' },
      { [`${prefix}/clientCapabilities`]: { elicitation: { form: 1 } } },
    ]
    for (const meta of odd) {
      const { message, headers } = address(era, call('get-book'), 1)
      const _meta =
        typeof meta === 'object' && meta !== null && !Array.isArray(meta) ? { ...era.meta, ...meta } : meta
      expect(fast({ ...message, params: { ...message.params, _meta } }, headers, context)).toBeUndefined()
    }
  })
})
