import { type Malformed, writePost } from './malformed.ts'

const sound = { name: 'get-managed-user', arguments: { clientId: 'cm9demo', userId: 7 } }
/** A call of :9090 that would go upstream. */
export const mcpTarget = { path: '/mcp', body: ask('tools/call', sound) }

function ask(method: unknown, params: unknown = {}, id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

/** Texts that are no message; 400, since there is nothing to answer to. */
const messages = [
  '',
  '{',
  '}',
  'null',
  'true',
  '7',
  '"ping"',
  '[]',
  '[7]',
  '{}',
  '{"jsonrpc":"2.0"}',
  '{"jsonrpc":"1.0","id":1,"method":"ping"}',
  '{"jsonrpc":2,"id":1,"method":"ping"}',
  '{"id":1,"method":"ping"}',
  '{"jsonrpc":"2.0","id":{},"method":"ping"}',
  '{"jsonrpc":"2.0","id":[],"method":"ping"}',
  '{"jsonrpc":"2.0","id":true,"method":"ping"}',
  '{"jsonrpc":"2.0","id":null,"method":"ping"}',
  '{"jsonrpc":"2.0","id":1,"method":7}',
  '{"jsonrpc":"2.0","id":1,"method":null}',
  '{"jsonrpc":"2.0","id":1,"method":["ping"]}',
  '{"jsonrpc":"2.0","id":1,"method":"ping","params":7}',
  '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}',
  '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
  '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"\\u0061":2}}',
  '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{"a":1}}}',
  '{"jsonrpc":"2.0","id":1,"method":"ping"} x',
  '{"jsonrpc":"2.0","id":1,"method":"ping",}',
  "{'jsonrpc':'2.0','id':1,'method':'ping'}",
  '\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"ping"}',
  '{"jsonrpc":"2.0","id":1,"method":"\xff"}',
  '{"jsonrpc":"2.0","id":1,"method":"ping\n"}',
  `{"a":${'['.repeat(64)}${']'.repeat(64)}}`,
  `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  '{"a":'.repeat(20_000),
  ask('ping', { list: Array(2_000).fill(1) }),
  ask('ping', Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${index}`, 1]))),
]

/** Arguments of a tool that are refused, each in an answer that says so. */
const argumentsOfGet: readonly unknown[] = [
  undefined,
  null,
  7,
  'x',
  [],
  {},
  { clientId: 'cm9demo' },
  { userId: 7 },
  { clientId: 'cm9demo', userId: '7' },
  { clientId: 'cm9demo', userId: 0 },
  { clientId: 'cm9demo', userId: -1 },
  { clientId: 'cm9demo', userId: 1.5 },
  { clientId: 'cm9demo', userId: 2147483648 },
  { clientId: 'cm9demo', userId: null },
  { clientId: 'cm9demo', userId: [7] },
  { clientId: 'cm9demo', userId: { $gt: 0 } },
  { clientId: 'cm9demo', userId: true },
  { clientId: '', userId: 7 },
  { clientId: '..', userId: 7 },
  { clientId: 'a/b', userId: 7 },
  { clientId: 'a\r\nX-a: b', userId: 7 },
  { clientId: 'a\u0000', userId: 7 },
  { clientId: 'a'.repeat(65), userId: 7 },
  { clientId: 7, userId: 7 },
  { clientId: 'cm9demo', userId: 7, extra: 1 },
  { clientId: 'cm9demo', userId: 7, body: {} },
  { clientid: 'cm9demo', userid: 7 },
  { clientId: 'cm9demo', userId: 7, constructor: 1 },
]

/** Arguments with a secret that is none; a header with a secret would be taken in its place. */
const wrongSecrets: readonly unknown[] = ['a\r\nb', '', 7].map((secret) => ({
  clientId: 'cm9demo',
  userId: 7,
  'x-cal-secret-key': secret,
}))

/** Calls that name no tool. */
const strangers: readonly unknown[] = [
  {},
  { name: '' },
  { name: 7 },
  { name: null },
  { name: 'no-such-tool' },
  { name: 'GET-MANAGED-USER', arguments: sound.arguments },
  { name: 'get-managed-user ', arguments: sound.arguments },
  { name: '__proto__', arguments: sound.arguments },
  { name: 'constructor', arguments: sound.arguments },
  { name: 'toString', arguments: sound.arguments },
  { name: '../get-managed-user', arguments: sound.arguments },
  { name: 'a'.repeat(5_000), arguments: sound.arguments },
]

/** Methods that this server has nothing for. */
const methods = ['', 'x', 'tools', 'tools/', 'tools/Call', '__proto__', 'rpc.discover', 'a'.repeat(5_000)]

const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', 'x', '/']

/** A message that is answered with an error inside JSON-RPC, under status 200 or 400. */
export interface RefusedMessage {
  readonly name: string
  readonly text: string
}

/** What is malformed on :9090 though its HTTP is sound, answered by a status. */
export function listMcpCalls(): Malformed[] {
  const brief = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
  const retyped = (type: string) =>
    writePost(mcpTarget, []).replace('Content-Type: application/json', `Content-Type: ${type}`)
  return [
    ...messages.map((body): Malformed => [`the message ${brief(body)}`, writePost(mcpTarget, [], body), 400]),
    ...types.map((type): Malformed => [`the type ${type}`, retyped(type), 415]),
    ['a message of 131,073 bytes', writePost(mcpTarget, [], ask('ping', { a: 'a'.repeat(131_072) })), 413],
    ['a message announced as 1 GB', writePost(mcpTarget, ['Content-Length: 1000000000'], '{', false), 413],
    ...['/mcp/', '/MCP', '/mcp/x', '/sse', '/messages', '/health/live', '//mcp', '/./mcp', '/%6dcp%2f'].map(
      (path): Malformed => [`the path ${path}`, writePost({ ...mcpTarget, path }, []), 404],
    ),
  ]
}

/** What is malformed inside a message that is one; each is answered by an error that names it. */
export function listRefusedMessages(): RefusedMessage[] {
  const describe = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 70)
  return [
    ...argumentsOfGet.map((one) => ({
      name: `the arguments ${describe(one)}`,
      text: writePost(mcpTarget, [], ask('tools/call', { name: sound.name, arguments: one })),
    })),
    ...wrongSecrets.map((one) => ({
      name: `the arguments ${describe(one)} alone`,
      text: writePost(mcpTarget, [], ask('tools/call', { name: sound.name, arguments: one })).replace(
        /x-cal-secret-key: [^\r]*\r\n/,
        '',
      ),
    })),
    ...strangers.map((one) => ({
      name: `the call of ${describe(one)}`,
      text: writePost(mcpTarget, [], ask('tools/call', one)),
    })),
    ...methods.map((method) => ({
      name: `the method ${describe(method)}`,
      text: writePost(mcpTarget, [], ask(method)),
    })),
  ]
}
