import { isDeepStrictEqual } from 'node:util'
import { asRecord } from '../src/document/json.ts'
import { rewriteAddress, toUsername } from './addresses.ts'
import { type Exchange, readOperation } from './exchanges.ts'
import type { OperationFacts, Requirements } from './requirements.ts'
import type { Tenant } from './tenant.ts'
import { isList, showValue } from './values.ts'

type Members = Readonly<Record<string, unknown>>

/** A response that does not fit the calls before it. */
export interface Contradiction {
  readonly exchange: Exchange
  readonly operation: OperationFacts
  readonly field: string
  readonly message: string
}

/** A call of an operation, read. */
interface Call {
  readonly exchange: Exchange
  readonly operation: OperationFacts
  /** The members that a user has; of others nothing is known. */
  readonly members: readonly string[]
  readonly clientId: string
  /** Client and user, where the path names one. */
  readonly key: string
}

/** What is known of the users of a run, by client and id: their members, or that they are deleted. */
type Users = Map<string, Members | 'deleted'>

type Report = (call: Call, field: string, message: string) => void

/** Users that a list shows without `limit`. */
const standardLimit = 50

/**
 * Follows the users that a run has made through its calls, in their order, and lists each response that shows one of
 * them otherwise than the calls before left it. What nobody can know, as the effect of a call without a response, is
 * not followed further.
 */
export function findContradictions(
  exchanges: readonly Exchange[],
  { operations, responses }: Requirements,
  tenants: readonly Tenant[],
): readonly Contradiction[] {
  const members = Object.keys(asRecord(responses.user))
  const found: Contradiction[] = []
  const users: Users = new Map()
  const report: Report = ({ exchange, operation }, field, message) => {
    found.push({ exchange, operation, field, message })
  }
  for (const exchange of exchanges) {
    const read = readOperation(exchange, operations)
    if (!read) continue
    const { clientId = '', userId } = read.variables
    const call = { exchange, operation: read.operation, members, clientId, key: `${clientId} ${userId}` }
    const tenant = tenants.find((one) => one.clientId === clientId)
    const isAuthorized = exchange.secret === undefined || exchange.secret === tenant?.secret
    if (exchange.result.kind === 'success' && tenant && !isAuthorized)
      report(call, 'x-cal-secret-key', 'a secret that is not that of the client was accepted')
    else if (tenant && isAuthorized) follow(call, users, report)
  }
  return found
}

function follow(call: Call, users: Users, report: Report): void {
  const { exchange, operation, key } = call
  const { kind, status, body } = exchange.result
  const known = users.get(key)
  const { data } = asRecord(body)
  if (kind === 'broken') users.delete(key)
  else if (kind === 'success' && operation.name === 'list')
    compareList(call, isList(data) ? data.map(asRecord) : [], users, report)
  else if (kind === 'success' && operation.name === 'create')
    followCreation(call, asRecord(data), users, report)
  else if (kind === 'success' && known === 'deleted') report(call, 'status', 'a deleted user must return 404')
  else if (kind === 'success' && isUser(known)) followUser(call, asRecord(data), known, users, report)
  else if (kind === 'upstream_error' && status === 404 && isUser(known))
    report(call, 'status', 'a user that is there returned 404')
}

function followCreation(call: Call, { user }: Members, users: Users, report: Report): void {
  const shown = asRecord(user)
  const key = `${call.clientId} ${shown.id}`
  // What an idempotency key repeats is older than what has happened since.
  if (call.exchange.hasIdempotencyKey && users.has(key)) return
  const sent = listSent(call, { mayBeNull: false })
  compareUser(call, '', shown, sent, report)
  const stored = Object.entries({ ...shown, ...sent }).filter(([name]) => call.members.includes(name))
  users.set(key, Object.fromEntries(stored))
}

function followUser(call: Call, shown: Members, known: Members, users: Users, report: Report): void {
  const { name } = call.operation
  if (name === 'force-refresh') return
  const expected = name === 'update' ? { ...known, ...listSent(call, { mayBeNull: true }) } : known
  compareUser(call, '', shown, expected, report)
  users.set(call.key, name === 'delete' ? 'deleted' : expected)
}

function isUser(known: Members | 'deleted' | undefined): known is Members {
  return typeof known === 'object'
}

/** Lists what a call sent of a user, as the API stores it. */
function listSent({ exchange, clientId }: Call, { mayBeNull }: { readonly mayBeNull: boolean }): Members {
  const sent = Object.entries(asRecord(exchange.body)).filter(([, value]) => mayBeNull || value !== null)
  const { email, ...rest }: Members = Object.fromEntries(sent)
  if (typeof email !== 'string') return rest
  const stored = rewriteAddress(email, clientId)
  return { ...rest, email: stored, username: toUsername(stored) }
}

function compareList(call: Call, listed: readonly Members[], users: Users, report: Report): void {
  const { clientId } = call
  const query = new URLSearchParams(call.exchange.path.split('?')[1] ?? '')
  const limit = Number(query.get('limit') ?? standardLimit)
  const wanted = query
    .get('emails')
    ?.split(',')
    .map((email) => email.trim())
    .map((email) => (email.includes(clientId) ? email : rewriteAddress(email, clientId)))
  if (listed.length > limit) report(call, 'limit', `expected ${limit} users at most, got ${listed.length}`)
  for (const user of listed) {
    const known = users.get(`${clientId} ${user.id}`)
    if (known === 'deleted') report(call, 'data', `the deleted user ${user.id} is listed`)
    else if (known) compareUser(call, 'data.', user, known, report)
    if (!String(user.email).includes(clientId))
      report(call, 'data.email', 'an address in the list does not name the client')
    if (wanted && !wanted.includes(String(user.email)))
      report(call, 'emails', `the user ${user.id} has none of the addresses`)
  }
  const isWhole = Number(query.get('offset') ?? 0) === 0 && listed.length < limit
  const ids = new Set(listed.map(({ id }) => id))
  for (const [key, user] of users)
    if (isWhole && isUser(user) && key.startsWith(`${clientId} `) && !ids.has(user.id))
      if (wanted?.includes(String(user.email)) ?? true)
        report(call, 'data', `the list lacks the user ${user.id}, which is there`)
}

function compareUser(call: Call, prefix: string, shown: Members, expected: Members, report: Report): void {
  for (const [name, value] of Object.entries(expected))
    if (!isSame(name, shown[name], value))
      report(call, `${prefix}${name}`, `expected ${showValue(value)}, got ${showValue(shown[name])}`)
}

/** Cal.com spells time zones its own way, and may leave an empty map out. */
function isSame(name: string, shown: unknown, expected: unknown): boolean {
  if (name === 'timeZone') return String(shown).toLowerCase() === String(expected).toLowerCase()
  if (name === 'metadata') return isDeepStrictEqual(shown ?? {}, expected ?? {})
  return isDeepStrictEqual(shown, expected)
}
