import { isDeepStrictEqual } from 'node:util'
import { asRecord } from '../../src/document/json.ts'
import type { CallArguments, CallResult } from '../call-result.ts'
import { type Check, type Context, findStep, NotTested } from '../context.ts'
import { leadToAbsentUser } from '../created-users.ts'
import type { Step } from '../lifecycle.ts'
import type { Requirement } from '../requirements.ts'
import { findMismatches } from '../shapes.ts'
import type { Target } from '../target.ts'
import { identify } from '../tenant.ts'
import { getArgument, redact, setArgument, showValue, spellOut, toList } from '../values.ts'
import { describeResult } from './boundaries.ts'
import { isMoment } from './responses.ts'
import { describeCall } from './steps.ts'

/** Steps that an upstream must refuse, and the shape of each error. */
const provoked = [
  ['create-again', 'email_exists', 'create'],
  ['absent-get', 'user_not_found', 'get'],
  ['absent-update', 'user_not_found', 'update'],
  ['absent-delete', 'user_not_found', 'delete'],
  ['absent-force-refresh', 'user_not_found', 'force-refresh'],
  ['update-taken', 'unique_violation', 'update'],
  ['refresh-again', 'bad_refresh_token', 'refresh'],
] as const

/** Requirements that an API with memory shows directly, without a gateway. */
export const upstream: Readonly<Record<string, Check>> = {
  async 'error.provoked'(context) {
    const { requirements, operation } = context
    for (const [name, error] of provoked.filter(([, , one]) => one === operation.name)) {
      const step = await findStep(context, name)
      const { status, shape = '', code } = requirements.errors.get(error) ?? {}
      const { result, at } = step
      if (result.kind !== 'upstream_error') {
        context.fail(name, `${describeCall(step)} must return ${status}, got ${describeResult(result)}`)
        continue
      }
      context.expectEqual(`${name}.status`, result.status, status)
      context.expectEqual(`${name}.error.code`, result.code, code)
      // Where tokens are redacted from the results of tools, so is all of an error but its status and code.
      if (context.server.surface === 'mcp' && context.target.policy?.redactsTokens) continue
      const expected = requirements.responses[shape] ?? 'any'
      for (const { place, message } of findMismatches(result.body, expected, requirements.responses))
        context.fail(`${name}.${place}`, message)
      checkDetails(context, name, step, { status, shape, at })
      if (context.server.surface === 'mcp') checkText(context, name, result)
    }
  },

  async 'tool.next-step'(context) {
    const { steps } = context.requirement.values
    const own = provoked.filter(([, , one]) => one === context.operation.name)
    for (const [name] of own) {
      const { result } = await findStep(context, name)
      const [, next = ''] = result.text.split('Next: ')
      const words = String(asRecord(steps)[name])
      if (result.kind === 'upstream_error' && !next.includes(words))
        context.fail(`${name} next step`, `must say "${words}", says ${showValue(next)}`)
    }
  },

  async 'state.page-size'(context) {
    const { server, target, requirements } = context
    const { users, standard } = context.requirement.values
    const find = (name: string) => requirements.operations.find((one) => one.name === name)
    const [create, list, remove] = [find('create'), find('list'), find('delete')]
    if (!create || !list || !remove) return
    const own = identify(target, target)
    const count = async (page: CallArguments) => {
      const { body } = await server.call(list, { ...own, ...page })
      return toList(asRecord(body).data).length
    }
    const missing = Math.max(0, Number(users) - (await count({ limit: 250 })))
    const made = await inGroups(missing, () =>
      server.call(create, { ...own, body: { email: target.created.makeAddress(), name: 'Page' } }),
    )
    context.expectEqual('limit left out', await count({}), Math.min(Number(standard), Number(users)))
    context.expectEqual(`limit ${users}`, await count({ limit: Number(users) }), users)
    const whole = await count({ limit: 250 })
    // More users than one page shows may be beyond it.
    if (whole < 250)
      context.expectEqual(
        `offset ${users}`,
        await count({ limit: 250, offset: users }),
        whole - Number(users),
      )
    const ids = made.map(({ body }) => asRecord(asRecord(asRecord(body).data).user).id)
    const kept = [...(pageUsers.get(target) ?? []), ...ids]
    pageUsers.set(target, kept)
    // The other servers are asked for the same users.
    if (server !== target.servers.mcp.at(-1)) return
    const remover = target.upstream ?? target.servers.rest
    await inGroups(kept.length, (index) => remover.call(remove, { ...own, userId: kept[index] }))
  },

  async 'error.refused'(context) {
    const { operation, requirement, requirements, target, server } = context
    const cases = toList(requirement.values[operation.name]).map(asRecord)
    for (const { set, error: name, property } of cases) {
      const absent = leadToAbsentUser(await context.makeArguments(operation))
      const values = Object.entries(asRecord(set)).reduce<CallArguments>(
        (result, [place, value]) => setArgument(result, place, spellOut(value)),
        absent,
      )
      const { status, shape = '', code } = requirements.errors.get(String(name)) ?? {}
      const result = await server.call(operation, values)
      const place = Object.keys(asRecord(set)).join(', ')
      const shown = Object.values(asRecord(set)).map(showValue).join(', ')
      if (result.status !== status || result.code !== code)
        context.fail(place, `${shown} must return ${status} ${code}, got ${describeResult(result)}`)
      if (result.status !== status || !target.remembers) continue
      const wanted = requirements.responses[shape] ?? 'any'
      const mismatches = findMismatches(result.body, wanted, requirements.responses)
      for (const { place, message } of mismatches) context.fail(`${name}.${place}`, message)
      const errors = toList(getArgument(result.body, 'error.details.errors')).map(asRecord)
      if (property !== undefined) context.expectEqual(`${name}.property`, errors[0]?.property, property)
    }
  },

  async 'emails.blanks'(context) {
    const { operation, server, target } = context
    const own = identify(target, target)
    const list = async (page: CallArguments) => {
      const result = await server.call(operation, { ...own, ...page })
      return { result, users: toList(asRecord(result.body).data).map(asRecord) }
    }
    const [user] = (await list({ limit: 1 })).users
    if (!user) throw new NotTested('there is no user')
    const { result, users } = await list({ emails: [` ${user.email}`, `${user.email} `] })
    if (result.kind !== 'success')
      context.fail('emails', `blanks around an address must be accepted, got ${describeResult(result)}`)
    else
      context.expectEqual(
        'emails',
        users.map(({ id }) => id),
        [user.id],
      )
  },

  async 'secret.missing'(context) {
    const { status, code } = context.requirement.values
    const { operation, server } = context
    const absent = leadToAbsentUser(await context.makeArguments(operation))
    const result = await server.call(operation, setArgument(absent, 'x-cal-secret-key', undefined))
    context.expectEqual('x-cal-secret-key', [result.status, result.code], [status, code])
  },

  async 'state.race'(context) {
    const { server, operation, target, requirement } = context
    const body = { email: target.created.makeAddress(), name: 'Race' }
    const values = { 'x-cal-secret-key': target.secret, clientId: target.clientId, body }
    const calls = Array.from({ length: Number(requirement.values.calls) }, () =>
      server.call(operation, values),
    )
    const statuses = (await Promise.all(calls)).map(({ status }) => status).sort()
    const [first, ...others] = statuses
    context.expectEqual('creations', first, operation.success)
    for (const status of others) context.expectEqual('status', status, requirement.values.status)
  },

  async 'values.accepted'(context) {
    const { server, operation, requirements, target } = context
    const userId = await makeUser(context)
    for (const requirement of requirements.requirements.filter((one) => concerns(one, context)))
      for (const written of requirement.accepts) {
        const value = spellOut(written)
        const argument = requirement.argument ?? ''
        const base = { 'x-cal-secret-key': target.secret, clientId: target.clientId }
        const values = setArgument(userId === undefined ? base : { ...base, userId }, argument, value)
        const result = await server.call(operation, values)
        const asked = `${argument} ${showValue(value)}`
        if (result.kind !== 'success')
          context.fail(argument, `${asked} must be accepted, got ${describeResult(result)}`)
        else if (argument.startsWith('body.')) compareStored(context, argument, value, result.body)
      }
  },
}

function concerns({ argument = '', operations, accepts, id }: Requirement, { operation }: Context): boolean {
  const isOwn = operation.name === 'list' ? /^(limit|offset|emails)$/ : /^body\.(?!email|defaultScheduleId)/
  return isOwn.test(argument) && operations.includes(operation) && accepts.length > 0 && id !== 'emails.comma'
}

async function makeUser(context: Context): Promise<unknown> {
  if (context.operation.name === 'list') return undefined
  const { operations } = context.requirements
  const create = operations.find(({ name }) => name === 'create')
  const values = { 'x-cal-secret-key': context.target.secret, clientId: context.target.clientId }
  const body = { email: context.target.created.makeAddress(), name: 'Values' }
  const result = create && (await context.server.call(create, { ...values, body }))
  const { id } = asRecord(asRecord(asRecord(result?.body).data).user)
  if (typeof id !== 'number') throw new NotTested('no user could be created')
  return id
}

/** Cal.com spells a time zone its own way and may leave an empty map out; every other value comes back as it was sent. */
function compareStored(context: Context, argument: string, value: unknown, body: unknown): void {
  const user = asRecord(asRecord(body).data)
  const [member = '', inner] = argument.replace('body.', '').split('.')
  const stored = inner === undefined ? user[member] : asRecord(user[member])[inner]
  const isSame = member === 'timeZone' && String(stored).toLowerCase() === String(value).toLowerCase()
  const isEmpty = stored === undefined && isDeepStrictEqual(value, {})
  if (!isSame && !isEmpty) context.expectEqual(argument, stored, value)
}

/** Checks what a shape can not say of an error: when it happened, on which path, and the same status inside. */
function checkDetails(
  context: Context,
  name: string,
  { operation, values, result }: Step,
  { status, shape, at }: { readonly status: number | undefined; readonly shape: string; readonly at: number },
): void {
  const { status: word, timestamp, path, error } = asRecord(result.body)
  context.expectEqual(`${name}.status word`, word, 'error')
  const { details, message } = asRecord(error)
  const inner = asRecord(details)
  if (shape === 'http') {
    context.expectEqual(`${name}.error.details.statusCode`, inner.statusCode, status)
    context.expectEqual(`${name}.error.details.message`, inner.message, message)
  }
  const minutes = Number(context.requirement.values.minutes)
  if (!isMoment(timestamp) || !(Math.abs(at - Date.parse(String(timestamp))) <= minutes * 60_000))
    context.fail(`${name}.timestamp`, `${showValue(timestamp)} is not the time of the error`)
  const [, template = ''] = operation.operation.split(' ')
  const called = template.replaceAll(/\{(\w+)\}/g, (_, variable: string) => String(values[variable]))
  if (String(path) !== called) context.fail(`${name}.path`, `expected ${called}, got ${showValue(path)}`)
}

/** A model reads the text alone: it must say the status, the code and what to do now. */
function checkText(context: Context, name: string, { status, code, text, body }: CallResult): void {
  const { message } = asRecord(asRecord(body).error)
  for (const words of [String(status), String(code), String(message), 'Next: '])
    if (!text.includes(words)) context.fail(`${name}.text`, redact(`does not say ${words}`))
}

/** Users that were made to fill a page, by the target. */
const pageUsers = new WeakMap<Target, readonly unknown[]>()

/** Makes so many calls, some at a time, in the order of their numbers. */
async function inGroups(
  count: number,
  call: (index: number) => Promise<CallResult>,
): Promise<readonly CallResult[]> {
  const results: CallResult[] = []
  const size = 4
  for (let start = 0; start < count; start += size) {
    const group = Array.from({ length: Math.min(size, count - start) }, (_, index) => call(start + index))
    results.push(...(await Promise.all(group)))
  }
  return results
}
