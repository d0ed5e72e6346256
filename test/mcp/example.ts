import type { JsonSchema } from '../../src/document/json-schema.ts'
import type { Operation } from '../../src/document/operations.ts'
import { type Parameter, readParameter } from '../../src/document/parameters.ts'
import type { SecurityScheme } from '../../src/document/security.ts'
import { compileOperations } from '../../src/document/validation.ts'
import { createMcpServer, type McpOptions } from '../../src/mcp/server.ts'
import { Fingerprint } from '../../src/state/fingerprint.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import type { ClientConnection } from '../../src/upstream/call.ts'
import type { ApiResponse } from '../../src/upstream/client.ts'
import { openListener } from '../support/open-listener.ts'
import { createBody } from '../support/operation.ts'
import { createRunLogger } from '../support/run-log.ts'

const secret = {
  ...readParameter({
    name: 'x-example-secret',
    in: 'header',
    required: true,
    description: 'The secret of the shop.',
    schema: { type: 'string', format: 'password', minLength: 1 },
  }),
  isCredential: true,
}
const schemes: Record<'secret' | 'key', SecurityScheme> = {
  secret: {
    name: 'secret',
    in: 'header',
    key: secret.name,
    prefix: '',
    description: '',
    configuredOnly: false,
  },
  key: {
    name: 'key',
    in: 'header',
    key: 'Authorization',
    prefix: 'Bearer ',
    description: '',
    configuredOnly: true,
  },
}
const shopId = readParameter({
  name: 'shopId',
  in: 'path',
  required: true,
  description: 'The shop.',
  schema: { type: 'string', pattern: '^[a-z]{1,8}$' },
})
const bookId = readParameter({
  name: 'bookId',
  in: 'path',
  required: true,
  description: 'The book.',
  schema: { type: 'integer', minimum: 1, maximum: 2147483647 },
})
const limit = readParameter({
  name: 'limit',
  in: 'query',
  required: false,
  description: 'Most books to list.',
  schema: { type: 'integer', minimum: 1, maximum: 250 },
})
const authors = readParameter({
  name: 'authors',
  in: 'query',
  required: false,
  description: '',
  schema: { type: 'array', items: { type: 'string', pattern: '^[^,]+$' } },
})
const book: JsonSchema = {
  type: 'object',
  required: ['id', 'title'],
  additionalProperties: false,
  properties: {
    id: { type: 'integer', description: 'Its number.' },
    title: { type: 'string' },
    token: { type: 'string' },
    tags: { type: 'array', items: { type: 'string', maxLength: 20 } },
  },
}
const draft: JsonSchema = {
  type: 'object',
  required: ['title'],
  additionalProperties: false,
  properties: { title: { type: 'string', maxLength: 40 }, binding: { type: 'integer', enum: [12, 24] } },
}

function wrap(data: JsonSchema): JsonSchema {
  return { type: 'object', required: ['status', 'data'], properties: { status: { type: 'string' }, data } }
}

function describe(
  id: string,
  method: Operation['method'],
  path: string,
  parameters: Parameter[],
  rest: Partial<Operation>,
): Operation {
  const names = [...parameters.map(({ name }) => name), ...(rest.body ? ['body'] : [])]
  const [readOnlyHint, destructiveHint] = [method === 'GET', method === 'DELETE']
  const annotations = {
    readOnlyHint,
    destructiveHint,
    idempotentHint: method !== 'POST',
    openWorldHint: true,
  }
  return {
    id,
    method,
    path,
    restPath: `/v1${path}`,
    summary: id,
    parameters,
    responses: [],
    success: { status: 200, schema: wrap(book) },
    security: method === 'POST' ? [[schemes.secret]] : [[schemes.secret], [schemes.key]],
    tool: {
      name: id,
      title: `Title of ${id}`,
      description: `What ${id} does.`,
      annotations,
      arguments: Object.fromEntries(names.map((name) => [name, name])),
    },
    ...rest,
  }
}

/** A small API of another trade than Cal.com's, so that nothing in the MCP server can lean on Cal.com. */
export const operations = compileOperations([
  describe('list-books', 'GET', '/shops/{shopId}/books', [secret, shopId, limit, authors], {
    responses: [],
    success: { status: 200, schema: wrap({ type: 'array', items: book }) },
  }),
  describe('add-book', 'POST', '/shops/{shopId}/books', [secret, shopId], {
    body: createBody(draft, true),
  }),
  describe('get-book', 'GET', '/shops/{shopId}/books/{bookId}', [secret, shopId, bookId], {}),
  describe('burn-book', 'DELETE', '/shops/{shopId}/books/{bookId}', [secret, shopId, bookId], {}),
])

/** One call as it would be sent upstream. */
export interface RecordedCall {
  readonly operation: string
  readonly input: unknown
  readonly signal: AbortSignal | undefined
  readonly connection: ClientConnection | undefined
}

/** What the upstream does with a call; the default is an empty success. */
export type Respond = (call: RecordedCall) => ApiResponse | Promise<ApiResponse>

/** An upstream answer with a JSON body. */
export function answer(status: number, body: unknown, headers: ApiResponse['headers'] = {}): ApiResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const data: unknown = status < 400 && text !== '' ? JSON.parse(text) : undefined
  return { status, headers, text, body: Buffer.from(text), data }
}

/** Bytes of a message. */
export const messageLimit = 131_072

/** The options of an MCP server before an upstream that only remembers what it was asked. */
export function createOptions(respond: Respond = () => answer(200, { status: 'success', data: {} })) {
  const calls: RecordedCall[] = []
  const logged: string[] = []
  const options: McpOptions = {
    operations,
    client: {
      async call({ id }, input, { signal, connection } = {}) {
        const call = { operation: id, input, signal, connection }
        calls.push(call)
        return respond(call)
      },
    },
    configured: { secrets: {}, pins: {} },
    policy: { redactTokens: false, allowDelete: true, confirmDelete: false, deleteLimit: undefined },
    fingerprint: new Fingerprint(new Uint8Array(32)),
    store: createMemoryStore(() => 0),
    clock: () => 0,
    upstreamName: 'Bookland',
    nameVariables: (scheme: string) => [`BOOKLAND_${scheme.toUpperCase()}`],
    version: '1.2.3',
    messageLimit,
    logger: createRunLogger((line) => logged.push(line)),
  }
  return { options, calls, logged }
}

/** An MCP server on a free loopback port. */
export async function startMcp(respond?: Respond, changes: Partial<McpOptions> = {}) {
  const { options, calls, logged } = createOptions(respond)
  const app = await createMcpServer({ ...options, ...changes, ...openListener(1_000) })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { url: `${url}/mcp`, calls, logged, [Symbol.asyncDispose]: async () => void (await app.close()) }
}

/** A secret that must not turn up where it does not belong. */
export const secretValue = 'example-secret-value'
