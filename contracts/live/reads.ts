import { asRecord } from '../../src/document/json.ts'
import type { CallArguments, CallResult } from '../call-result.ts'
import { absentUser } from '../created-users.ts'
import type { OperationFacts } from '../requirements.ts'
import type { Target } from '../target.ts'
import { identify } from '../tenant.ts'

/** A call that only reads, and what it returned. */
export interface Read {
  readonly operation: OperationFacts
  readonly result: CallResult
}

/** Calls what only reads: a page, one of its users, a user that nobody has, and a page with a wrong secret. */
export async function listReads(target: Target, operations: readonly OperationFacts[]): Promise<Read[]> {
  const reads: Read[] = []
  const call = async (name: string, values: CallArguments): Promise<unknown> => {
    const operation = operations.find((one) => one.name === name)
    if (!operation || !target.upstream) return undefined
    const result = await target.upstream.call(operation, { ...identify(target, target), ...values })
    reads.push({ operation, result })
    return asRecord(result.body).data
  }
  const { id } = asRecord([await call('list', { limit: 1 })].flat()[0])
  if (typeof id === 'number') await call('get', { userId: id })
  await call('get', { userId: absentUser })
  await call('list', { 'x-cal-secret-key': 'not-the-secret' })
  return reads
}
