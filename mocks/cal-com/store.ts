import type { Clock } from './clock.ts'
import { rewriteEmail, toUsername } from './quirks.ts'

/** A token as the database keeps it. */
export interface StoredToken {
  readonly type: 'access_token' | 'refresh_token'
  readonly token: string
  readonly expiresAt: number
}

/** What Cal.com shows of a user. */
export interface Profile {
  email: string
  username: string
  name: string | null
  bio: string | null
  timeZone: string
  weekStart: string
  createdDate: string
  timeFormat: number | null
  defaultScheduleId: number | null
  locale: string | null
  avatarUrl: string | null
  metadata: Record<string, unknown> | null
}

/** A user of a client, with its tokens. */
export interface User extends Profile {
  readonly id: number
  tokens: StoredToken[]
}

/** An OAuth client and its users, in the order of their creation. */
export interface Client {
  readonly id: string
  readonly secret: string
  /** The organisation of the client; without one no user can be created. */
  readonly orgId: number | undefined
  readonly hasOwner: boolean
  readonly users: Map<number, User>
}

/** An API key of somebody in an organisation. */
export interface ApiKey {
  readonly role: 'ADMIN' | 'OWNER' | 'MEMBER'
  readonly orgId: number | undefined
  readonly expired: boolean
}

/** All there is; `nextId` counts users and schedules alike. */
export interface Store {
  readonly clients: Map<string, Client>
  readonly apiKeys: Map<string, ApiKey>
  nextId: number
}

const organisation = 12

/** The OAuth client that demonstrations use; its secret is invented. */
export const demoClient = { id: 'cm9demo000001abcd1234efgh', secret: 'demo-secret' }

/** Creates the clients, keys and users to begin with; every name, key and secret in it is invented. */
export function createStore(clock: Clock): Store {
  const store: Store = { clients: new Map(), apiKeys: new Map(), nextId: 5000 }
  const addClient = (id: string, secret: string, orgId: number | undefined, hasOwner = true) => {
    const client: Client = { id, secret, orgId, hasOwner, users: new Map() }
    store.clients.set(id, client)
    return client
  }
  const demo = addClient(demoClient.id, demoClient.secret, organisation)
  addClient('cm9other00001abcd1234efgh', 'other-secret', 77)
  addClient('cm9noorg00001abcd1234efgh', 'noorg-secret', undefined)
  addClient('cm9noowner001abcd1234efgh', 'noowner-secret', organisation, false)
  const keys: [string, ApiKey][] = [
    ['cal_demo_admin', { role: 'ADMIN', orgId: organisation, expired: false }],
    ['cal_demo_owner', { role: 'OWNER', orgId: organisation, expired: false }],
    ['cal_demo_member', { role: 'MEMBER', orgId: organisation, expired: false }],
    ['cal_demo_alone', { role: 'ADMIN', orgId: undefined, expired: false }],
    ['cal_demo_expired', { role: 'ADMIN', orgId: organisation, expired: true }],
  ]
  for (const [key, holder] of keys) store.apiKeys.set(key, holder)

  addUser(demo, 4711, clock, {
    email: 'ada@example.org',
    name: 'Ada Example',
    timeZone: 'Europe/Oslo',
    weekStart: 'Monday',
    timeFormat: 24,
    defaultScheduleId: 902,
    locale: 'en',
    metadata: { tenant: 'acme', seat: 7 },
  })
  addUser(demo, 4712, clock, { email: 'bo@example.org', name: 'Bo Example' })
  addUser(demo, 4713, clock, {
    email: 'cy@example.org',
    name: 'Cy Example',
    timeZone: 'America/New_York',
    defaultScheduleId: 903,
  })
  return store
}

/** Adds a user to a client with Cal.com's defaults for whatever is not given. */
export function addUser(
  client: Client,
  id: number,
  clock: Clock,
  given: Partial<Profile> & { email: string },
): User {
  const email = rewriteEmail(given.email, client.id)
  const user: User = {
    name: null,
    bio: null,
    timeZone: 'Europe/London',
    weekStart: 'Sunday',
    createdDate: new Date(clock()).toISOString(),
    timeFormat: 12,
    defaultScheduleId: null,
    locale: null,
    avatarUrl: null,
    metadata: null,
    ...given,
    id,
    email,
    username: toUsername(email),
    tokens: [],
  }
  client.users.set(id, user)
  return user
}

/** Shows a user as Cal.com returns it: without tokens, and without metadata where there is none. */
export function showUser({ tokens: _tokens, metadata, ...profile }: User): object {
  const { id, email, username, name, bio, timeZone, weekStart, createdDate, ...rest } = profile
  const shown = { id, email, username, name, bio, timeZone, weekStart, createdDate, ...rest }
  return metadata === null ? shown : { ...shown, metadata }
}
