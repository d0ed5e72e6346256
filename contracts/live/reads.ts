import { asRecord } from '../../src/document/json.ts'
import type { CallArguments } from '../call-result.ts'
import { absentUser } from '../created-users.ts'
import type { OperationFacts } from '../requirements.ts'
import type { Target } from '../target.ts'
import { identify } from '../tenant.ts'

/** Calls what only reads: a page, one of its users, a user that nobody has, and a page with a wrong secret. */
export async function makeReads(target: Target, operations: readonly OperationFacts[]): Promise<void> {
  const call = async (name: string, values: CallArguments): Promise<unknown> => {
    const operation = operations.find((one) => one.name === name)
    if (!operation || !target.upstream) return undefined
    const { body } = await target.upstream.call(operation, { ...identify(target, target), ...values })
    return asRecord(body).data
  }
  const { id } = asRecord([await call('list', { limit: 1 })].flat()[0])
  if (typeof id === 'number') await call('get', { userId: id })
  await call('get', { userId: absentUser })
  await call('list', { 'x-cal-secret-key': 'not-the-secret' })
}
