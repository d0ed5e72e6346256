import { asRecord } from '../../src/document/json.ts'
import { type Check, type Context, findStep, NotTested } from '../context.ts'
import type { Requirement } from '../requirements.ts'
import { findMismatches } from '../shapes.ts'
import { setArgument, showValue, spellOut } from '../values.ts'
import { describeResult } from './boundaries.ts'
import { describeCall } from './steps.ts'

/** Steps that an upstream must refuse, and the shape of each error. */
const provoked = [
  ['create-again', 'email_exists', 'create'],
  ['absent-get', 'user_not_found', 'get'],
  ['absent-update', 'user_not_found', 'update'],
  ['absent-delete', 'user_not_found', 'delete'],
  ['absent-force-refresh', 'user_not_found', 'force-refresh'],
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
      const expected = requirements.responses[shape] ?? 'any'
      for (const { place, message } of findMismatches(result.body, expected, requirements.responses))
        context.fail(`${name}.${place}`, message)
      checkDetails(context, name, asRecord(result.body), { status, at })
    }
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

/** Cal.com spells a time zone its own way; every other value comes back as it was sent. */
function compareStored(context: Context, argument: string, value: unknown, body: unknown): void {
  const user = asRecord(asRecord(body).data)
  const [member = '', inner] = argument.replace('body.', '').split('.')
  const stored = inner === undefined ? user[member] : asRecord(user[member])[inner]
  const isSame = member === 'timeZone' && String(stored).toLowerCase() === String(value).toLowerCase()
  if (!isSame) context.expectEqual(argument, stored, value)
}

/** What a shape can not say of an error: when it happened, on which path, and the same status inside. */
function checkDetails(
  context: Context,
  name: string,
  { status: word, timestamp, path, error }: Readonly<Record<string, unknown>>,
  { status, at }: { readonly status: number | undefined; readonly at: number },
): void {
  context.expectEqual(`${name}.status word`, word, 'error')
  const { details, message } = asRecord(error)
  const inner = asRecord(details)
  context.expectEqual(`${name}.error.details.statusCode`, inner.statusCode, status)
  context.expectEqual(`${name}.error.details.message`, inner.message, message)
  const minutes = Number(context.requirement.values.minutes)
  if (!(Math.abs(at - Date.parse(String(timestamp))) <= minutes * 60_000))
    context.fail(`${name}.timestamp`, `${showValue(timestamp)} is not the time of the error`)
  if (!String(path).includes(context.target.clientId))
    context.fail(`${name}.path`, 'is not the path of the call')
}
