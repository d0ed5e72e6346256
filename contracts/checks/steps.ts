import { asRecord } from '../../src/document/json.ts'
import { type Context, findStep } from '../context.ts'
import type { Step } from '../lifecycle.ts'
import { isList, redact, showValue } from '../values.ts'
import { describeResult } from './boundaries.ts'

/** Members of a user or of a token pair. */
export type Data = Readonly<Record<string, unknown>>

/** Describes what was asked of the server, without the credentials. */
export function describeCall({ operation, values }: Step): string {
  const { 'x-cal-secret-key': _, clientId: __, ...shown } = values
  return `${operation.name} ${showValue(shown)}`
}

/** Returns the response of a step that must have succeeded; reports a finding otherwise. */
async function readResponse(context: Context, name: string): Promise<Data> {
  const step = await findStep(context, name)
  if (step.result.kind !== 'success')
    context.fail('call', `${describeCall(step)} must succeed, got ${describeResult(step.result)}`)
  return asRecord(step.result.body)
}

/** Returns the data of a step that must have succeeded. */
export async function readData(context: Context, name: string): Promise<Data> {
  return asRecord((await readResponse(context, name)).data)
}

/** Returns the user of a creation, or of any other step that returns one. */
export async function readUser(context: Context, name: string): Promise<Data> {
  const data = await readData(context, name)
  return { ...asRecord('user' in data ? data.user : data) }
}

/** Returns the users of a step that lists. */
export async function readUsers(context: Context, name: string): Promise<readonly Data[]> {
  const { data } = await readResponse(context, name)
  return isList(data) ? data.map((user) => ({ ...asRecord(user) })) : []
}

/** Compares members of a user, each by its name. */
export function compareMembers(context: Context, where: string, actual: Data, expected: Data): void {
  for (const [name, value] of Object.entries(expected))
    context.expectEqual(`${where}.${name}`, actual[name], value)
}

/** Compares the user of a step with what another step has returned, by the members of that. */
export async function compareSteps(
  context: Context,
  where: string,
  step: string,
  expected: string,
): Promise<void> {
  compareMembers(context, where, await readUser(context, step), await readUser(context, expected))
}

/** Reports a finding unless a step failed with one of the statuses. */
export async function expectStatus(context: Context, name: string, ...statuses: unknown[]): Promise<void> {
  const step = await findStep(context, name)
  const { kind, status } = step.result
  if (kind === 'upstream_error' && statuses.includes(status)) return
  const message = `${describeCall(step)} must return ${statuses.join(' or ')}, got ${describeResult(step.result)}`
  context.fail(name, redact(message))
}
