import { asRecord } from '../../src/document/json.ts'
import type { CallArguments, CallResult } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import { leadToAbsentUser } from '../created-users.ts'
import type { RecordedRequest } from '../exchanges.ts'
import type { Script } from '../recorder.ts'
import { toRestRequest } from '../rest-client.ts'
import { identify, type Tenant } from '../tenant.ts'
import { getArgument, setArgument } from '../values.ts'

/** Members in an odd order, with odd spacing and escapes: bytes that no serialiser would write again. */
const oddBodies: Readonly<Record<string, string>> = {
  create:
    '{ "name":"\\u0041da \\ud83c\\udf88",\n"email" : "odd@example.org","metadata":{"n":1.50,"s":"\\/"} }',
  update: '{ "bio":"\\u0041\\/da" ,\n"metadata" : {"n":1.50,"big":12345678901234567890} }',
  refresh: '{\n"refreshToken" :\t"\\u0041\\/da"}',
}

/** The request that Cal.com gets. */
export const requests: Readonly<Record<string, Check>> = {
  async 'request.line'(context) {
    const values = await context.makeArguments(context.operation)
    const sent = await see(context, values)
    const [method = '', template = ''] = context.operation.operation.split(' ')
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
    context.expectEqual('requests', sent.length, 1)
    context.expectEqual('method', sent[0]?.method, method)
    context.expectEqual('path', sent[0]?.url, path)
  },

  async 'request.once'(context) {
    const { recorder } = context.target
    const { statuses, reads } = context.requirement.values
    if (!recorder) return
    const count = async (script: Script) => {
      const values = await context.makeArguments(context.operation)
      recorder.script = script
      const sent = await see(context, values)
      recorder.script = undefined
      return sent.length
    }
    for (const status of [statuses].flat().map(Number)) {
      const refuse: Script = (_request, response) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
      context.expectEqual(`requests after ${status}`, await count(refuse), 1)
    }
    const isRead = context.operation.operation.startsWith('GET ')
    const sent = await count((_request, response) => response.destroy())
    context.expectEqual('requests after a lost connection', sent, isRead ? reads : 1)
  },

  async 'request.headers'(context) {
    const { always, body, framing } = context.requirement.values
    const values = await context.makeArguments(context.operation)
    const [sent] = await see(context, values)
    const allowed = [always, values.body === undefined ? [] : body].flat().map(String)
    const names = Object.keys(sent?.headers ?? {}).filter((name) => ![framing].flat().includes(name))
    context.expectEqual('headers', names.sort(), allowed.sort())
    context.expectEqual('accept', sent?.headers.accept, 'application/json')
    if (values.body !== undefined)
      context.expectEqual('content-type', sent?.headers['content-type'], 'application/json')
    if (context.server.surface === 'rest') await sendForeignHeaders(context, values, allowed)
  },

  async 'request.body'(context) {
    const text = oddBodies[context.operation.name] ?? '{}'
    const valid = await context.makeArguments(context.operation)
    if (context.server.surface === 'mcp') {
      const body: unknown = JSON.parse(text.replace('12345678901234567890', '12'))
      const [sent] = await see(context, setArgument(valid, 'body', body))
      return void context.expectEqual('body', sent && JSON.parse(sent.body.toString()), body)
    }
    const request = toRestRequest(context.operation, valid)
    context.target.recorder?.requests.splice(0)
    await context.target.servers.rest.send({ ...request, body: text })
    context.expectEqual('body', context.target.recorder?.requests[0]?.body.toString(), text)
  },

  async 'request.emails'(context) {
    const { emails, query } = context.requirement.values
    const [sent] = await see(context, { ...(await context.makeArguments(context.operation)), emails })
    context.expectEqual('emails', sent?.url.split('?')[1], query)
  },

  async 'request.idempotency'(context) {
    const { status, code, longest } = context.requirement.values
    const { recorder } = context.target
    const call = (key: string, values: CallArguments) => callKeyed(context, values, key)
    const values = await context.makeArguments(context.operation)
    const key = makeKey('kept').padEnd(Number(longest), 'k')
    recorder?.requests.splice(0)
    const [first, second] = [await call(key, values), await call(key, values)]
    context.expectEqual('requests', recorder?.requests.length, 1)
    context.expectEqual('idempotency-key', recorder?.requests[0]?.headers['idempotency-key'], undefined)
    context.expectEqual('response', second.text, first.text)
    context.expectEqual('response', first.kind, 'success')
    const other = await call(key, changeCall(values))
    context.expectEqual('another call', [other.status, other.code], [status, code])
    const long = await call(`${key}k`, values)
    context.expectEqual(
      'Idempotency-Key',
      [long.code, ...long.places],
      ['invalid_argument', 'Idempotency-Key'],
    )
    context.expectEqual('requests', recorder?.requests.length, 1)
  },

  async 'idempotency.replay'(context) {
    const { status, code } = context.requirement.values
    const values = await makeKeyed(context)
    const key = makeKey('replay')
    const [first, second] = [await callKeyed(context, values, key), await callKeyed(context, values, key)]
    context.expectEqual('first call', first.kind, 'success')
    context.expectEqual('Idempotency-Key status', second.status, first.status)
    context.expectEqual('Idempotency-Key', second.body, first.body)
    const other = await callKeyed(context, changeCall(values), key)
    context.expectEqual('Idempotency-Key of another call', [other.status, other.code], [status, code])
  },

  async 'idempotency.client'(context) {
    const { clientId, secret, other } = context.target
    if (!other) return
    const email = context.target.created.makeAddress()
    const key = makeKey('client')
    const create = (tenant: Tenant) => {
      const own = { clientId: tenant.clientId, 'x-cal-secret-key': tenant.secret }
      return callKeyed(context, { ...own, body: { email, name: 'Keyed' } }, key)
    }
    const [own, foreign] = [await create({ clientId, secret }), await create(other)]
    const readEmail = ({ body }: CallResult) => getArgument(body, 'data.user.email')
    context.expectEqual('first call', own.kind, 'success')
    context.expectEqual('data.user.email', readEmail(foreign), email.replace('@', `+${other.clientId}@`))
  },

  async 'idempotency.secret'(context) {
    const values = await makeKeyed(context)
    const key = makeKey('secret')
    const first = await callKeyed(context, values, key)
    context.expectEqual('first call', first.kind, 'success')
    const other = await callKeyed(context, { ...values, 'x-cal-secret-key': 'another-secret' }, key)
    context.expectEqual(
      'Idempotency-Key with a wrong secret',
      other.status,
      context.requirement.values.status,
    )
  },

  async 'idempotency.length'(context) {
    const longest = Number(context.requirement.values.longest)
    const values = await context.makeArguments(context.operation)
    const { code, places } = await callKeyed(context, values, makeKey('long').padEnd(longest + 1, 'k'))
    context.expectEqual('Idempotency-Key', [code, ...places], ['invalid_argument', 'Idempotency-Key'])
  },
}

/** Arguments of a call that succeeds once: a refresh uses up a token of a user that is made for it. */
async function makeKeyed(context: Context): Promise<CallArguments> {
  const { operation, makeArguments, requirements, server, target } = context
  if (operation.name === 'create') return makeArguments(operation)
  const create = requirements.operations.find(({ name }) => name === 'create')
  const made = create && (await server.call(create, await makeArguments(create)))
  const own = identify(target, target)
  const { user, refreshToken } = asRecord(asRecord(made?.body).data)
  if (operation.name === 'refresh') return { ...own, body: { refreshToken } }
  return { ...own, userId: asRecord(user).id }
}

function callKeyed({ operation, target }: Context, values: CallArguments, key: string): Promise<CallResult> {
  const request = toRestRequest(operation, values)
  return target.servers.rest.send({ ...request, headers: { ...request.headers, 'idempotency-key': key } })
}

function makeKey(name: string): string {
  keys += 1
  return `${name}-${Date.now()}-${keys}`
}

/** Makes another call of the same client: a key belongs to one call, and to the client that makes it. */
function changeCall(values: CallArguments): CallArguments {
  if ('userId' in values) return leadToAbsentUser(values)
  const { refreshToken } = asRecord(values.body)
  return setArgument(values, refreshToken === undefined ? 'body.name' : 'body.refreshToken', 'another')
}

/** Counts through one run, so that no two test cases share a key. */
let keys = 0

/** Returns the requests that a call sends. */
export async function see(context: Context, values: CallArguments): Promise<readonly RecordedRequest[]> {
  context.target.recorder?.requests.splice(0)
  await context.server.call(context.operation, values)
  return [...(context.target.recorder?.requests ?? [])]
}

async function sendForeignHeaders(context: Context, values: CallArguments, allowed: readonly string[]) {
  const foreign = {
    cookie: 'a=b',
    prefer: 'code=500',
    'x-forwarded-for': '10.0.0.1',
    'x-cal-platform-embed': 'true',
  }
  const request = toRestRequest(context.operation, values)
  context.target.recorder?.requests.splice(0)
  await context.target.servers.rest.send({ ...request, headers: { ...request.headers, ...foreign } })
  const [sent] = context.target.recorder?.requests ?? []
  for (const name of Object.keys(foreign))
    context.expectEqual(name, sent?.headers[name], allowed.includes(name) ? 'sent' : undefined)
}
