import { setTimeout } from 'node:timers/promises'
import type { CallArguments, CallResult } from './call-result.ts'
import { absentUser, type CreatedUser, findMarked } from './created-users.ts'
import type { OperationFacts } from './requirements.ts'
import type { Target } from './target.ts'
import { identify } from './tenant.ts'

/** Users that one page of the list can show. */
const page = 250

/**
 * Deletes every user that a run has made, and those that it may have made without being told their ids: they are
 * found by the mark in their addresses. Returns the users that are still there.
 */
export async function removeCreatedUsers(
  target: Target,
  operations: readonly OperationFacts[],
): Promise<readonly CreatedUser[]> {
  const { created, recorder, upstream, servers } = target
  if (!target.writes || target.stateless) return []
  if (recorder) Object.assign(recorder, { canned: false, script: undefined, prefer: undefined })
  const server = upstream ?? servers.rest
  const find = (name: string) => operations.find((one) => one.name === name)
  const [list, remove] = [find('list'), find('delete')]
  if (!list || !remove) return created.list()
  // A throttle must not leave users behind.
  const removeUser = async (values: CallArguments): Promise<CallResult> => {
    const result = await server.call(remove, values)
    if (result.status !== 429) return result
    const seconds = Number(result.headers['x-ratelimit-reset-default'] ?? result.headers['retry-after'])
    await setTimeout(((seconds || 60) + 1) * 1000)
    return server.call(remove, values)
  }
  const tenants = [target, ...(target.other ? [target.other] : [])]
  const left: CreatedUser[] = []
  for (const tenant of tenants) {
    const own = identify(target, tenant)
    const known = created.list().filter(({ clientId }) => clientId === tenant.clientId)
    for (const { userId } of known) await removeUser({ ...own, userId })
    const found = new Set<number>()
    for (const offset of [0, page]) {
      const { body } = await server.call(list, { ...own, limit: page, offset })
      for (const id of findMarked(body, created.mark)) found.add(id)
    }
    for (const userId of found) {
      created.note({ method: 'POST', path: `/oauth-clients/${tenant.clientId}/users` }, 201, {
        data: { user: { id: userId } },
      })
      const { kind, status } = await removeUser({ ...own, userId })
      if (kind !== 'success' && status !== 404) left.push({ clientId: tenant.clientId, userId })
    }
  }
  return left.filter(({ userId }) => userId !== absentUser)
}
