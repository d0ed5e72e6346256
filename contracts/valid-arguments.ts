import { asRecord } from '../src/document/json.ts'
import type { CallArguments } from './call-result.ts'
import type { OperationFacts } from './requirements.ts'
import type { Target } from './target.ts'

/** Makes arguments that succeed, once a user or fresh for operations that use one up. */
export type MakeArguments = (operation: OperationFacts) => Promise<CallArguments>

/** What the mocks know from the beginning, for where no user can be made. */
const known = { userId: 4711, refreshToken: 'eyJhbGciOiJIUzI1NiJ9.demo.demo' }

/** Counts through one run, so that no two users of it share an address. */
let made = 0

/** A new address on each call; the time keeps runs against one upstream apart. */
export function makeAddress(): string {
  made += 1
  return `contract-${Date.now().toString(36)}-${made}@example.org`
}

/**
 * Gives arguments that the target answers with success. The user that reads and changes go to is made once;
 * delete and refresh get one of their own, since they use it up.
 */
export function prepareArguments(target: Target, operations: readonly OperationFacts[]): MakeArguments {
  const find = (name: string) => operations.find((one) => one.name === name)
  const caller = { 'x-cal-secret-key': target.secret, clientId: target.clientId }
  const make = async () => {
    const [create, list] = [find('create'), find('list')]
    if (target.writes && create) {
      const body = { email: makeAddress(), name: 'Ada Example', timeZone: 'Europe/Oslo' }
      const { user, refreshToken } = asRecord(asRecord(await ask(create, { ...caller, body })).data)
      return { userId: asRecord(user).id ?? known.userId, refreshToken: refreshToken ?? known.refreshToken }
    }
    const { data } = asRecord(list && (await ask(list, { ...caller, limit: 1 })))
    return { ...known, userId: asRecord([data].flat()[0]).id ?? known.userId }
  }
  const ask = async (operation: OperationFacts, values: CallArguments) =>
    (await target.servers.rest.call(operation, values)).body
  let kept: ReturnType<typeof make> | undefined
  return async ({ name, required }) => {
    if (name === 'list') return caller
    if (name === 'create') return { ...caller, body: { email: makeAddress(), name: 'Ada Example' } }
    const fresh = name === 'delete' || name === 'refresh'
    if (!fresh) kept ??= make()
    const { userId, refreshToken } = await (fresh ? make() : (kept ?? make()))
    if (name === 'refresh') return { ...caller, body: { refreshToken } }
    return { ...caller, userId, ...(required.includes('body') ? { body: { name: 'Ada Example' } } : {}) }
  }
}
