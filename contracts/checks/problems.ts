import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { type CallResult, readMediaType } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import { readArguments } from '../generators.ts'
import { setArgument, toList } from '../values.ts'
import { describeResult, leadsTo } from './boundaries.ts'

/** A value that no response may repeat. */
const planted = 'planted-5f2e91'

/** What the gateway's own errors say, and what they must not. */
export const problems: Readonly<Record<string, Check>> = {
  async 'problem.truth'(context) {
    const { outcome, retryable, status, code } = context.requirement.values
    const result = await callWrongly(context)
    const body = asRecord(result.body)
    context.expectEqual('status', result.status, status)
    for (const [name, value] of Object.entries({ status, code, outcome, retryable }))
      context.expectEqual(name, body[name], value)
    if (context.server.surface === 'rest')
      context.expectEqual('content-type', readMediaType(result.headers), 'application/problem+json')
  },

  async 'problem.errors'(context) {
    const wrong = listWrong(context)
    const result = await callWrongly(context)
    const errors = toList(asRecord(result.body).errors).map(asRecord)
    for (const name of Object.keys(wrong))
      if (!result.places.some((place) => leadsTo(name, place)))
        context.fail(name, `is wrong too and is not named; got ${describeResult(result)}`)
    for (const [index, error] of errors.entries())
      for (const member of ['location', 'rule', 'message'])
        if (typeof error[member] !== 'string' || error[member] === '')
          context.fail(`errors[${index}].${member}`, 'must be a text')
  },

  async 'privacy.values'(context) {
    const { secret } = context.target
    const result = await callWrongly(context)
    const arrived = result.text + JSON.stringify(result.body) + JSON.stringify(result.headers)
    if (arrived.includes(planted)) context.fail('errors', 'repeats a refused text')
    if (arrived.includes(secret)) context.fail('errors', 'repeats the secret')
  },

  async 'response.no-store'(context) {
    const { headers } = await context.callValid()
    const { value } = context.requirement.values
    context.expectEqual('cache-control', headers['cache-control'], value)
  },

  async 'response.foreign-headers'(context) {
    const { headers } = await context.callValid()
    for (const name of toList(context.requirement.values.names).map(String))
      context.expectEqual(name, headers[name], undefined)
  },
}

/** A call in which everything that can be wrong at once is wrong. */
async function callWrongly(context: Context): Promise<CallResult> {
  const { operation, makeArguments, server } = context
  const valid = await makeArguments(operation)
  const values = Object.entries(listWrong(context)).reduce(
    (result, [name, value]) => setArgument(result, name, value),
    { ...valid } as Readonly<Record<string, unknown>>,
  )
  return server.call(operation, values)
}

function listWrong({ operation }: Context): Readonly<Record<string, unknown>> {
  const described = readArguments(readDocument(), operation)
  const has = (name: string) => described.some((one) => one.name === name)
  return {
    clientId: `${planted} `,
    ...(has('limit') ? { limit: 251, offset: 251 } : {}),
    ...(operation.name === 'create' || operation.name === 'update'
      ? { 'body.timeZone': planted, 'body.weekStart': planted, 'body.email': planted }
      : {}),
    ...(operation.name === 'refresh' ? { 'body.surplus': planted } : {}),
  }
}
