import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { type CallResult, readMediaType } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import { leadToAbsentUser } from '../created-users.ts'
import { readArguments } from '../generators.ts'
import { setArgument, showValue, toList } from '../values.ts'
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
    else if (typeof body.nextStep !== 'string' || !result.text.endsWith(`Next: ${body.nextStep}`))
      context.fail('nextStep', 'is not the next step of the text')
  },

  async 'problem.errors'(context) {
    const wrong = listWrong(context)
    const result = await callWrongly(context)
    const errors = toList(asRecord(result.body).errors).map(asRecord)
    for (const [name, [, rule, words]] of Object.entries(wrong)) {
      const index = result.places.findIndex((place) => leadsTo(name, place))
      if (index < 0) context.fail(name, `is wrong too and is not named; got ${describeResult(result)}`)
      else if (context.expectEqual(`${name} rule`, errors[index]?.rule, rule)) {
        const { location, message } = errors[index] ?? {}
        if (!String(message).includes(words))
          context.fail(`errors[${index}].message`, `must say ${words} of ${name}, got ${showValue(message)}`)
        // A model reads the text alone.
        if (context.server.surface === 'mcp' && !result.text.includes(`${location}: ${message}`))
          context.fail('text', `does not say what is wrong with ${location}`)
      }
    }
    const locations = toList(context.requirement.values.locations)
    for (const [index, error] of errors.entries()) {
      const [place] = String(error.location).split(/[.[]/)
      if (context.server.surface === 'rest' && !locations.includes(place))
        context.fail(`errors[${index}].location`, `must begin with ${locations.join(', ')}`)
      for (const member of ['location', 'rule', 'message'])
        if (typeof error[member] !== 'string' || error[member] === '')
          context.fail(`errors[${index}].${member}`, 'must be a text')
    }
  },

  async 'privacy.values'(context) {
    const { secret } = context.target
    const result = await callWrongly(context)
    const arrived = result.text + JSON.stringify(result.body) + JSON.stringify(result.headers)
    if (arrived.includes(planted)) context.fail('errors', 'repeats a refused text')
    if (arrived.includes(secret)) context.fail('errors', 'repeats the secret')
    if (/\/[\w.-]+\.[cm]?[jt]s:\d+|node_modules/.test(arrived))
      context.fail('errors', 'names a file of the gateway')
    if (/https?:\/\/[\w[]/.test(arrived)) context.fail('detail', 'names the address of a server')
    if (!context.target.configured) {
      const valid = await context.makeArguments(context.operation)
      const refused = await context.server.call(context.operation, {
        ...valid,
        'x-cal-secret-key': `${planted} blank`,
      })
      if ((refused.text + JSON.stringify(refused.body)).includes(planted))
        context.fail('x-cal-secret-key', 'is repeated where it is refused')
    }
    const { text, headers } = await context.callValid()
    if (`${text}${JSON.stringify(headers)}`.includes(secret)) context.fail('response', 'repeats the secret')
  },

  async 'response.no-store'(context) {
    const { value } = context.requirement.values
    for (const { headers } of await callThreeWays(context)) {
      const directives = String(headers['cache-control']).split(/\s*,\s*/)
      if (!directives.includes(String(value)))
        context.expectEqual('cache-control', headers['cache-control'], value)
    }
  },

  async 'response.foreign-headers'(context) {
    const results = await callThreeWays(context)
    for (const name of toList(context.requirement.values.names).map(String))
      for (const { headers } of results) context.expectEqual(name, headers[name], undefined)
  },
}

/** Makes three calls: one that succeeds, one that the API refuses, and one that the gateway refuses. */
export async function callThreeWays(context: Context): Promise<readonly CallResult[]> {
  const { operation, server } = context
  const absent = leadToAbsentUser(await context.makeArguments(operation))
  const wrong = { ...absent, 'x-cal-secret-key': 'another-secret' }
  return [
    await context.callValid(),
    await server.call(operation, wrong),
    await server.call(operation, { ...wrong, clientId: ' ' }),
  ]
}

/** Makes a call in which everything that can be wrong at once is wrong. */
async function callWrongly(context: Context): Promise<CallResult> {
  const { operation, makeArguments, server } = context
  const valid = await makeArguments(operation)
  const values = Object.entries(listWrong(context)).reduce(
    (result, [name, [value]]) => setArgument(result, name, value),
    { ...valid } as Readonly<Record<string, unknown>>,
  )
  return server.call(operation, values)
}

/**
 * Lists wrong values by the name of the argument, each with the rule that it breaks and words that say what is right.
 */
function listWrong({ operation }: Context): Readonly<Record<string, readonly [unknown, string, string]>> {
  const described = readArguments(readDocument(), operation)
  const has = (name: string) => described.some((one) => one.name === name)
  return {
    clientId: [`${planted} `, 'pattern', 'must match'],
    ...(has('limit')
      ? {
          limit: [251, 'maximum', 'from 1 to 250'],
          offset: [251, 'maximum', 'from 0 to 250'],
          emails: [[`${planted}@example`], 'format', 'e-mail'],
        }
      : {}),
    ...(operation.name === 'create' || operation.name === 'update'
      ? {
          'body.timeZone': [planted, 'format', 'time zone'],
          'body.weekStart': [planted, 'enum', 'Monday'],
          'body.email': [`${planted}@example`, 'format', 'e-mail'],
        }
      : {}),
    ...(operation.name === 'refresh'
      ? { 'body.surplus': [planted, 'additionalProperties', 'refreshToken'] }
      : {}),
  }
}
