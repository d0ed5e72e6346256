import { type CallResult, readMessage, readToolResult } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import { toRestRequest } from '../rest-client.ts'
import { setArgument } from '../values.ts'
import { describeResult, expectRefusal } from './boundaries.ts'

/** JSON texts with two readings, or none. */
const unreadable = [
  '{"name":"Ada","name":"Bo"}',
  '{"a":1,"\\u0061":2}',
  '{"metadata":{"a":1,"a":2}}',
  '{"name":',
  '{"name":"Ada",}',
  '{"name":"Ada"} // Ada',
  "{'name':'Ada'}",
  '{"__proto__":{}}',
  '\ufeff{}',
]

/** The body as a whole: whether there is one, what it holds, and the text it is. */
export const bodies: Readonly<Record<string, Check>> = {
  async 'body.required'(context) {
    const values = setArgument(await context.makeArguments(context.operation), 'body', undefined)
    context.target.recorder?.requests.splice(0)
    expectRefusal(
      context,
      'body',
      await context.server.call(context.operation, values),
      'a missing body must be refused',
    )
  },

  async 'body.unwanted'(context) {
    const request = toRestRequest(context.operation, await context.makeArguments(context.operation))
    const headers = { ...request.headers, 'content-type': 'application/json' }
    context.target.recorder?.requests.splice(0)
    const result = await context.target.servers.rest.send({ ...request, headers, body: '{}' })
    expectRefusal(context, 'body', result, 'a body must be refused')
  },

  async 'body.unknown'(context) {
    const valid = await context.makeArguments(context.operation)
    for (const name of [context.requirement.values.names].flat()) {
      context.target.recorder?.requests.splice(0)
      const result = await context.server.call(context.operation, setArgument(valid, `body.${name}`, 'text'))
      expectRefusal(context, `body.${name}`, result, `the unknown member ${name} must be refused`)
    }
  },

  'body.create-required': checkMembers,
  'body.refresh-required': checkMembers,

  async 'body.one-reading'(context) {
    const { server, operation, requirement, target } = context
    const valid = await context.makeArguments(operation)
    for (const text of unreadable) {
      target.recorder?.requests.splice(0)
      const status =
        server.surface === 'rest'
          ? await sendText(context, valid, text)
          : await postText(context, valid, text)
      context.expectEqual(`body ${text}`, status, requirement.values.status)
      if (target.recorder) context.expectEqual(`body ${text}`, target.recorder.requests.length, 0)
    }
  },

  async 'body.size'(context) {
    const { most, status, code } = context.requirement.values
    for (const bytes of [Number(most), Number(most) + 1]) {
      const result = await sendJson(context, '{}'.padEnd(bytes))
      const refused = { status: result.status, code: result.code }
      if (bytes > Number(most)) context.expectEqual(`body of ${bytes} bytes`, refused, { status, code })
      else if (refused.status === status)
        context.fail(`body of ${bytes} bytes`, `must be read; got ${describeResult(result)}`)
    }
  },

  async 'body.type'(context) {
    const { types, status, code } = context.requirement.values
    for (const type of [types].flat()) {
      const result = await sendJson(context, '{}', String(type))
      context.expectEqual(`body of type ${type}`, [result.status, result.code], [status, code])
      if (context.target.recorder)
        context.expectEqual(`body of type ${type}`, context.target.recorder.requests.length, 0)
    }
  },
}

async function checkMembers(context: Context): Promise<void> {
  const valid = await context.makeArguments(context.operation)
  for (const name of [context.requirement.values.names].flat()) {
    context.target.recorder?.requests.splice(0)
    const result = await context.server.call(context.operation, setArgument(valid, `body.${name}`, undefined))
    expectRefusal(context, `body.${name}`, result, `a body without ${name} must be refused`)
  }
}

async function sendJson(context: Context, body: string, type = 'application/json'): Promise<CallResult> {
  const request = toRestRequest(context.operation, await context.makeArguments(context.operation))
  const headers = { ...request.headers, 'content-type': type }
  context.target.recorder?.requests.splice(0)
  return context.target.servers.rest.send({ ...request, headers, body })
}

async function sendText(
  { operation, target, requirement, expectEqual }: Context,
  valid: object,
  text: string,
) {
  const request = toRestRequest(operation, { ...valid, body: {} })
  const result = await target.servers.rest.send({ ...request, body: text })
  expectEqual(`body ${text}`, result.code, requirement.values.code)
  return result.status
}

/** No client sends such a text, so it goes out by hand, in the body argument of a call. */
async function postText({ operation, server }: Context, valid: object, text: string) {
  const call = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: operation.tool, arguments: { ...valid, body: null } },
  }
  const headers = {
    ...server.headers,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  const body = JSON.stringify(call).replace('"body":null', `"body":${text}`)
  const response = await fetch(server.url, { method: 'POST', headers, body })
  const { result } = readMessage(String(response.headers.get('content-type')), await response.text())
  return result ? readToolResult(result).status : response.status
}
