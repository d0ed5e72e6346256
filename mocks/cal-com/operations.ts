import { formats } from '../../src/contract/formats.ts'
import type { Mode } from './authentication.ts'
import type { Clock } from './clock.ts'
import { CalComError } from './errors.ts'
import {
  coerceCount,
  coerceUserId,
  creatableEmail,
  diy,
  largestUserId,
  recaseTimeZone,
  rewriteEmail,
  rewriteFilter,
  toUsername,
} from './quirks.ts'
import { addUser, type Client, type Profile, type Store, showUser, type User } from './store.ts'
import type { Mint } from './tokens.ts'
import { refuseQuery } from './validation.ts'

/** What an operation works on. */
export interface World {
  readonly store: Store
  readonly mint: Mint
  readonly clock: Clock
  readonly mode: Mode
}

/** A call that has passed the guards, its body piped. */
export interface Call {
  readonly client: Client
  readonly userId: string
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
}

type Deed = (world: World, call: Call) => unknown

/** What each operation does, by the name the document has for it. */
const deeds: Readonly<Record<string, Deed>> = {
  oauthclientuserscontrollergetmanagedusers: (_world, { client, query }) => {
    const limit = readCount(query, 'limit', 1, 50)
    const offset = readCount(query, 'offset', 0, 0)
    const emails = readEmails(query)?.map((email) => rewriteFilter(email, client.id))
    const found = [...client.users.values()].filter(
      ({ email }) => emails === undefined || emails.includes(email),
    )
    return found.slice(offset, offset + limit).map(showUser)
  },
  oauthclientuserscontrollercreateuser: ({ store, mint, clock, mode }, { client, body }) => {
    if (mode === 'cal_diy' && diy.createFails) throw new CalComError('unexpected')
    const profile = readProfile(body)
    if (client.orgId === undefined) throw new CalComError('no_org_on_client')
    const email = rewriteEmail(String(body.email), client.id)
    const existing = [...client.users.values()].find((user) => user.email === email)
    if (existing) throw new CalComError('email_exists', { userId: existing.id })
    if (!creatableEmail.test(String(body.email))) throw new CalComError('bad_email_create')
    refuseTakenUsername(client, email)
    store.nextId += 1
    const defaultScheduleId = profile.timeZone === undefined ? null : 900 + store.nextId
    const user = addUser(client, store.nextId, clock, { ...profile, email, defaultScheduleId })
    return { user: showUser(user), ...mint.issue(client, user, false) }
  },
  oauthclientuserscontrollergetuserbyid: (_world, { client, userId }) => showUser(findUser(client, userId)),
  oauthclientuserscontrollerupdateuser: (_world, { client, userId, body }) => {
    const user = findUser(client, userId)
    const { email, ...profile } = readProfile(body)
    if (email !== undefined) {
      const rewritten = rewriteEmail(email, client.id)
      refuseTakenUsername(client, rewritten, user)
      Object.assign(user, { email: rewritten, username: toUsername(rewritten) })
    }
    return showUser(Object.assign(user, profile))
  },
  oauthclientuserscontrollerdeleteuser: (_world, { client, userId }) => {
    const user = findUser(client, userId)
    client.users.delete(user.id)
    return showUser(user)
  },
  oauthclientuserscontrollerforcerefresh: ({ mint }, { client, userId }) => {
    const user = findUser(client, userId)
    user.tokens = []
    return mint.issue(client, user, false)
  },
  oauthflowcontrollerrefreshtokens: ({ mint, clock }, { client, body }) => {
    const holder = [...client.users.values()].find(({ tokens }) =>
      tokens.some((one) => isRefresh(one, body.refreshToken)),
    )
    if (!holder) throw new CalComError('bad_refresh_token')
    holder.tokens = holder.tokens.filter((one) => !isRefresh(one, body.refreshToken))
    for (const user of client.users.values())
      user.tokens = user.tokens.filter((one) => one.type === 'refresh_token' || one.expiresAt > clock())
    return mint.issue(client, holder, true)
  },
}

/** Performs an operation. Throws a `CalComError`, and a `TypeError` for an operation that Cal.com does not have. */
export function perform(id: string, world: World, call: Call): unknown {
  const deed = deeds[id]
  if (!deed) throw new TypeError(`the mock does not know the operation ${id}`)
  return deed(world, call)
}

function isRefresh({ type, token }: User['tokens'][number], wanted: unknown): boolean {
  return type === 'refresh_token' && token === wanted
}

function findUser(client: Client, text: string): User {
  const id = coerceUserId(text)
  if (id === undefined) throw new CalComError('bad_user_id')
  if (id > largestUserId) throw new CalComError('unexpected')
  const user = client.users.get(id)
  if (!user) throw new CalComError('user_not_found', { userId: id })
  return user
}

function readCount(query: URLSearchParams, name: string, least: number, otherwise: number): number {
  const value = coerceCount(query.getAll(name))
  if (value === undefined) return otherwise
  const constraints = Number.isNaN(value)
    ? { isNumber: `${name} must be a number conforming to the specified constraints` }
    : value < least
      ? { min: `${name} must not be less than ${least}` }
      : value > 250
        ? { max: `${name} must not be greater than 250` }
        : undefined
  if (constraints)
    throw refuseQuery(name, Number.isNaN(value) ? null : value, Object.fromEntries(query), constraints)
  return value
}

/** Repeated or bracketed addresses pass unchecked. */
function readEmails(query: URLSearchParams): string[] | undefined {
  const unchecked = [...query.getAll('emails[]')]
  const given = query.getAll('emails')
  if (given.length > 1 || unchecked.length > 0) return [...given, ...unchecked]
  const [text] = given
  if (text === undefined) return undefined
  const emails = text.split(',').map((email) => email.trim())
  const bad = emails.find((email) => !formats.email.check(email))
  if (bad !== undefined) throw new CalComError('bad_email_filter', { email: bad })
  return emails
}

/** Addresses that differ only in case or in `+`, `-` and `_` share a username, which must be unique (inferred). */
function refuseTakenUsername(client: Client, email: string, self?: User): void {
  const username = toUsername(email)
  const taken = [...client.users.values()].some((user) => user !== self && user.username === username)
  if (taken) throw new CalComError('unique_violation')
}

/** The fields of a piped body; its types are what the pipe has checked. */
function readProfile(body: Record<string, unknown>): Partial<Profile> {
  const { timeZone } = body
  return { ...body, ...(typeof timeZone === 'string' && { timeZone: recaseTimeZone(timeZone) }) }
}
