import { asRecord } from '../src/document/json.ts'
import type { CallArguments } from './call-result.ts'
import { absentUser } from './created-users.ts'
import type { OperationFacts } from './requirements.ts'
import type { Target } from './target.ts'
import { identify } from './tenant.ts'

/** Makes arguments that the operation accepts; whether the upstream knows the user depends on the target. */
export type MakeArguments = (operation: OperationFacts) => Promise<CallArguments>

/** What the stateless mock knows, and what canned responses show. */
const known = { userId: 4711, refreshToken: 'eyJhbGciOiJIUzI1NiJ9.demo.demo' }

/**
 * Prepares arguments for a target. Where calls reach an upstream with memory, reads and changes go to one user that
 * is made for them, and deletions to an id that nobody has.
 */
export function prepareArguments(target: Target, operations: readonly OperationFacts[]): MakeArguments {
  const find = (name: string) => operations.find((one) => one.name === name)
  const own = identify(target, target)
  const makeUser = async (): Promise<unknown> => {
    const [create, list] = [find('create'), find('list')]
    const ask = async (operation: OperationFacts | undefined, values: CallArguments) =>
      operation ? asRecord((await target.servers.rest.call(operation, values)).body).data : undefined
    if (target.writes) {
      const body = { email: target.created.makeAddress(), name: 'calgate contract check' }
      return asRecord(asRecord(await ask(create, { ...own, body })).user).id
    }
    return asRecord([await ask(list, { ...own, limit: 1 })].flat()[0]).id
  }
  let kept: Promise<unknown> | undefined
  const findUser = async (name: string): Promise<unknown> => {
    if (target.stateless || target.recorder) return known.userId
    if (name === 'delete') return absentUser
    kept ??= makeUser()
    return (await kept) ?? absentUser
  }
  return async ({ name, required }) => {
    if (name === 'list') return own
    const email = target.created.makeAddress()
    if (name === 'create') return { ...own, body: { email, name: 'calgate contract check' } }
    if (name === 'refresh') return { ...own, body: { refreshToken: known.refreshToken } }
    const body = required.includes('body') ? { body: { name: 'calgate contract check' } } : {}
    return { ...own, userId: await findUser(name), ...body }
  }
}
