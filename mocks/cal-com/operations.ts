import { formats } from '../../src/document/formats.ts'
import type { Clock } from './clock.ts'
import { CalComError, type Finding } from './errors.ts'
import {
  coerceCount,
  coerceUserId,
  creatableEmail,
  fitsColumn,
  readUncheckedEmails,
  recaseTimeZone,
  rewriteEmail,
  rewriteFilter,
  toUsername,
} from './quirks.ts'
import { addUser, type Client, type Profile, type Store, showUser, type User } from './store.ts'
import type { Mint } from './tokens.ts'

/** What an operation works on. */
export interface World {
  readonly store: Store
  readonly mint: Mint
  readonly clock: Clock
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
    const { limit, offset } = readPage(query)
    const emails = readEmails(query)?.map((email) => rewriteFilter(email, client.id))
    const found = [...client.users.values()].filter(
      ({ email }) => emails === undefined || emails.includes(email),
    )
    return found.slice(offset, offset + limit).map(showUser)
  },
  oauthclientuserscontrollercreateuser: ({ store, mint, clock }, { client, body }) => {
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
    if (!fitsColumn(profile.defaultScheduleId ?? 0)) throw new CalComError('unexpected')
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
  if (!fitsColumn(id)) throw new CalComError('unexpected')
  const user = client.users.get(id)
  if (!user) throw new CalComError('user_not_found', { userId: id })
  return user
}

/** Every value that is wrong is named, as class-validator does it. */
function readPage(query: URLSearchParams): { limit: number; offset: number } {
  const read = (name: string) => coerceCount(query.getAll(name))
  const page = { limit: read('limit') ?? 50, offset: read('offset') ?? 0 }
  const findings = [
    describeCount('limit', page.limit, 1, query),
    describeCount('offset', page.offset, 0, query),
  ].flat()
  if (findings.length > 0) throw new CalComError('validation', {}, findings)
  return page
}

function describeCount(property: string, value: number, least: number, query: URLSearchParams): Finding[] {
  const target = Object.fromEntries(query)
  const refuse = (constraints: Finding['constraints']) => [
    { target, value: Number.isNaN(value) ? null : value, property, children: [] as const, constraints },
  ]
  if (Number.isNaN(value))
    return refuse({ isNumber: `${property} must be a number conforming to the specified constraints` })
  if (value < least) return refuse({ min: `${property} must not be less than ${least}` })
  return value > 250 ? refuse({ max: `${property} must not be greater than 250` }) : []
}

function readEmails(query: URLSearchParams): string[] | undefined {
  const unchecked = readUncheckedEmails(query)
  const text = query.get('emails')
  if (unchecked || text === null) return unchecked
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

/** Reads the fields of a piped body; its types are what the pipe has checked. */
function readProfile(body: Record<string, unknown>): Partial<Profile> {
  const { timeZone } = body
  return { ...body, ...(typeof timeZone === 'string' && { timeZone: recaseTimeZone(timeZone) }) }
}
