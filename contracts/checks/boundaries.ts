import { asRecord } from '../../src/document/json.ts'
import type { CallArguments, CallResult } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import { redact, setArgument, showValue, spellOut, toList } from '../values.ts'

/** Tries each value of the requirement: what it accepts must be sent, what it refuses must not. */
const checkValues: Check = async (context) => {
  const { requirement, operation, server, makeArguments } = context
  const { argument = '', accepts, refuses } = requirement
  // Refused calls use nothing up, so one set of arguments serves them all.
  const base = await makeArguments(operation)
  for (const value of refuses) {
    const spelled = spellOut(value)
    context.target.recorder?.requests.splice(0)
    const result = await server.call(operation, setArgument(base, argument, spelled))
    expectRefusal(context, argument, result, `${showValue(spelled)} must be refused`)
  }
  // Where calls reach users of others, no id but one's own may be changed.
  const { stateless, recorder } = context.target
  if (argument === 'userId' && operation.name !== 'get' && !stateless && !recorder) return
  // A gateway with configured credentials serves one client alone.
  if (argument === 'clientId' && context.target.configured) return
  // Each accepted creation makes a user, and update takes the same members.
  const isCostly = operation.name === 'create' && !stateless && !recorder
  for (const value of isCostly ? accepts.slice(0, 1) : accepts) {
    const spelled = spellOut(value)
    const values = setArgument(await makeArguments(operation), argument, spelled)
    expectAcceptance(
      context,
      argument,
      await server.call(operation, values),
      `${showValue(spelled)} must be sent`,
    )
  }
}

/** Checks that a call was refused by the name of the argument, without reaching the upstream. */
export function expectRefusal(context: Context, argument: string, result: CallResult, what: string): void {
  const { fail, target } = context
  const { kind, code, places } = result
  const said = `${what}; got ${describeResult(result)}`
  if (kind !== 'gateway_error' || code !== 'invalid_argument') fail(argument, said)
  else if (!places.some((place) => leadsTo(argument, place)))
    fail(argument, `${what} by its name; the response names ${places.join(', ') || 'nothing'}`)
  if (target.recorder && target.recorder.requests.length > 0)
    fail(argument, `${what} before anything is sent; ${target.recorder.requests.length} sent`)
}

/** Checks that a call was sent, and not found wrong by an upstream that checks it against the document. */
export function expectAcceptance(context: Context, argument: string, result: CallResult, what: string): void {
  const { kind, status = 0, body } = result
  const invalid = asRecord(asRecord(asRecord(body).error).details).errors !== undefined || status === 422
  const sent = context.target.tellable ? kind === 'success' : kind === 'success' || kind === 'upstream_error'
  if (!sent || (kind === 'upstream_error' && (invalid || status >= 500)))
    context.fail(argument, `${what}; got ${describeResult(result)}`)
}

/** Describes a result in a few words, with the API's own reasons where it gives some. */
export function describeResult({ kind, status, code, places, reason, body }: CallResult): string {
  if (kind === 'broken') return reason
  const error = asRecord(asRecord(body).error)
  const reasons = toList(asRecord(error.details).errors).flatMap((one) =>
    Object.values(asRecord(asRecord(one).constraints)),
  )
  const said = kind === 'upstream_error' ? [error.message, ...reasons].filter((one) => one !== undefined) : []
  const words = [kind.replace('_', ' '), status, code, places.join(', ')].filter(Boolean).join(' ')
  return redact(said.length > 0 ? `${words} (${said.join('; ')})` : words)
}

/** Returns whether a place is the argument itself or lies within it: `emails[0]` within `emails`. */
export function leadsTo(argument: string, place: string): boolean {
  return place === argument || (place.startsWith(argument) && '.['.includes(place.charAt(argument.length)))
}

const byValue = [
  'clientId.form',
  'userId.range',
  'userId.spelling',
  'userId.type',
  'limit.range',
  'limit.spelling',
  'limit.type',
  'offset.range',
  'offset.type',
  'emails.form',
  'emails.comma',
  'body.object',
  'body.empty-update',
  'email.form',
  'name.create',
  'name.update',
  'timeFormat.choice',
  'weekStart.choice',
  'timeZone.form',
  'locale.choice',
  'avatarUrl.form',
  'bio.text',
  'metadata.keys',
  'metadata.values',
  'defaultScheduleId.range',
  'refreshToken.text',
  'secret.form',
]

/** Bounds, choices and forms of single arguments. */
export const boundaries: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(byValue.map((id) => [id, checkValues])),

  async 'arguments.unknown'(context) {
    const { names, value } = context.requirement.values
    const valid = await context.makeArguments(context.operation)
    for (const name of toList(names).map(String)) {
      const values: CallArguments = { ...valid, [name]: value }
      context.target.recorder?.requests.splice(0)
      const result = await context.server.call(context.operation, values)
      expectRefusal(context, name, result, `${name} must be refused`)
    }
  },

  async 'arguments.repeated'(context) {
    const { clientId, secret: key, servers, recorder } = context.target
    const headers = { 'x-cal-secret-key': key }
    for (const query of [context.requirement.values.query].flat()) {
      recorder?.requests.splice(0)
      const path = `${context.operation.rest.replace('{clientid}', clientId)}?${query}`
      const result = await servers.rest.send({ method: 'GET', path, headers, body: undefined })
      expectRefusal(context, String(query).split('=')[0] ?? '', result, `${query} must be refused`)
    }
  },

  async 'arguments.missing'(context) {
    const valid = await context.makeArguments(context.operation)
    // A gateway with configured credentials has a client id of its own.
    const { required } = context.operation
    const needed = context.target.configured ? required.filter((name) => name !== 'clientId') : required
    for (const name of needed) {
      context.target.recorder?.requests.splice(0)
      const result = await context.server.call(context.operation, setArgument(valid, name, undefined))
      expectRefusal(context, name, result, `a call without ${name} must be refused`)
    }
  },
}
