import { asRecord } from '../../src/document/json.ts'
import type { CallArguments, CallResult } from '../call-result.ts'
import type { OperationFacts } from '../requirements.ts'
import type { ServerClient } from '../server-client.ts'

/** One call of the tour and what came of it. */
export interface Stop {
  readonly operation: OperationFacts
  /** The status that the course of the tour demands. */
  readonly expected: number
  readonly result: CallResult
}

/** Where the tour goes, and as whom. */
export interface TourOptions {
  readonly server: ServerClient
  readonly operations: readonly OperationFacts[]
  readonly clientId: string
  readonly secret: string
  /** Allows one marked user to be created, changed and deleted. */
  readonly writes: boolean
  /** Tells the marked user of this tour from all others. */
  readonly mark: string
  /** Told when the marked user could not be deleted. */
  readonly onLeftover: () => void
}

/** The name that a marked user has at Cal.com, for a person who finds one. */
export const markedName = 'calgate contract check'

/** The largest id there can be, less one: nobody has it. */
const absent = 2_147_483_646

/**
 * Calls every operation that only reads, then, where writes are allowed, the life of one marked user from create to
 * delete. The user is deleted in any case: also when a call fails, and when whoever follows the tour leaves it.
 */
export async function* tour(options: TourOptions): AsyncGenerator<Stop> {
  const { clientId, secret, writes } = options
  const caller = { clientId, 'x-cal-secret-key': secret }
  const call = async (name: string, values: CallArguments, status?: number): Promise<Stop> => {
    const operation = options.operations.find((one) => one.name === name)
    if (!operation) throw new TypeError(`no operation is called ${name}`)
    const result = await options.server.call(operation, { ...caller, ...values })
    return { operation, expected: status ?? operation.success, result }
  }
  const first = await call('list', { limit: 1 })
  yield first
  const userId = asRecord(readList(first)[0]).id
  if (Number.isSafeInteger(userId)) yield await call('get', { userId })
  yield await call('get', { userId: absent }, 404)
  yield await call('list', { 'x-cal-secret-key': 'not-the-secret' }, 401)
  if (writes) yield* live(call, options)
}

type Call = (name: string, values: CallArguments, status?: number) => Promise<Stop>

async function* live(call: Call, { mark, onLeftover }: TourOptions): AsyncGenerator<Stop> {
  const email = `calgate-contract-${mark}@example.org`
  const life: { id?: number; over?: boolean } = {}
  try {
    const created = await call('create', { body: { email, name: markedName, metadata: { calgate: mark } } })
    yield created
    const { id } = asRecord(asRecord(asRecord(created.result.body).data).user)
    const found = Number.isSafeInteger(id) ? undefined : await call('list', { emails: [email] })
    const userId = found ? asRecord(readList(found)[0]).id : id
    if (typeof userId !== 'number') return
    life.id = userId
    yield await call('get', { userId })
    yield await call('update', { userId, body: { bio: mark } })
    yield await call('list', { emails: [email] })
    const forced = await call('force-refresh', { userId })
    yield forced
    const { refreshToken } = asRecord(asRecord(forced.result.body).data)
    if (typeof refreshToken === 'string') {
      yield await call('refresh', { body: { refreshToken } })
      yield await call('refresh', { body: { refreshToken } }, 400)
    }
    const deleted = await call('delete', { userId })
    life.over = deleted.result.kind === 'success'
    yield deleted
    yield await call('get', { userId }, 404)
  } finally {
    if (!life.over && !(await remove(call, email, life.id))) onLeftover()
  }
}

/** Deletes the marked user, by its id or else by its address; true when it is gone. */
async function remove(call: Call, email: string, known: number | undefined): Promise<boolean> {
  const found = known === undefined ? await call('list', { emails: [email] }) : undefined
  if (found && found.result.kind !== 'success') return false
  const userId = known ?? asRecord(found && readList(found)[0]).id
  if (userId === undefined) return true
  const { result } = await call('delete', { userId })
  return result.kind === 'success' || result.status === 404
}

function readList({ result }: Stop): readonly unknown[] {
  return [asRecord(result.body).data ?? []].flat()
}
