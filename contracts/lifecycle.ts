import { asRecord } from '../src/document/json.ts'
import type { CallArguments, CallResult } from './call-result.ts'
import { absentUser, type CreatedUsers } from './created-users.ts'
import type { OperationFacts } from './requirements.ts'
import type { ServerClient } from './server-client.ts'
import { identify, type Tenant } from './tenant.ts'
import { changedMembers, clearable, fullMembers, longMembers } from './user-members.ts'

/** One call of the lifecycle and what came of it. */
export interface Step {
  readonly operation: OperationFacts
  readonly values: CallArguments
  readonly result: CallResult
  /** Milliseconds since the epoch when the response had arrived. */
  readonly at: number
}

/** The calls in which some users are created, read, changed and deleted, by name. */
export interface Lifecycle {
  /** The addresses of the users, as they were sent. */
  readonly addresses: Readonly<Record<'full' | 'bare' | 'long' | 'changed', string>>
  readonly steps: ReadonlyMap<string, Step>
}

/** Whose users are observed. */
export interface Observed extends Tenant {
  readonly configured: boolean
  /** A second OAuth client, if there is one. */
  readonly other?: Tenant
  readonly created: CreatedUsers
}

/** Addresses that the filter of the list takes at most. */
const mostAddresses = 50

/** Observes the life of users through one server. What a step needs and an earlier one did not give leaves it out. */
export async function observeLifecycle(
  target: Observed,
  server: ServerClient,
  operations: readonly OperationFacts[],
): Promise<Lifecycle> {
  const steps = new Map<string, Step>()
  const { created } = target
  const addresses = {
    // A tag of the person's own stays, and its plus sign is no blank in a query.
    full: created.makeAddress().replace('@', '+work@'),
    bare: created.makeAddress(),
    // Cal.com leaves an address alone that names the client already.
    long: created.makeAddress().replace('@', `-Case+${target.clientId}@`),
    changed: created.makeAddress(),
  }
  const call = async (name: string, operation: string, values: CallArguments, tenant: Tenant = target) => {
    const facts = operations.find((one) => one.name === operation)
    if (!facts || Object.values(values).includes(undefined)) return {}
    const sent = { ...identify(target, tenant), ...values }
    const result = await server.call(facts, sent)
    steps.set(name, { operation: facts, values: sent, result, at: Date.now() })
    return asRecord(asRecord(result.body).data)
  }
  const readId = (data: CallArguments) => asRecord(data.user).id

  await call('find-before', 'list', { emails: [addresses.full] })
  const full = await call('create', 'create', { body: { email: addresses.full, ...fullMembers } })
  const userId = readId(full)
  await call('get', 'get', { userId })
  await call('create-refused', 'create', {
    body: { email: addresses.bare, name: 'Bare', timeZone: 'Nowhere' },
  })
  // Two people may have one name.
  const bare = await call('create-bare', 'create', {
    body: { email: addresses.bare, name: fullMembers.name },
  })
  const bareId = readId(bare)
  const long = await call('create-long', 'create', { body: { email: addresses.long, ...longMembers } })
  await call('get-long', 'get', { userId: readId(long) })
  const known = { full: userId, bare: bareId, long: readId(long) }
  await Promise.all(Object.entries(known).map(([name, id]) => call(`at-once-${name}`, 'get', { userId: id })))
  await call('create-again', 'create', { body: { email: addresses.full, name: 'Ada Example' } })
  await call('list', 'list', { limit: 250 })
  await call('find', 'list', { emails: [addresses.full] })
  await call('find-rewritten', 'list', { emails: [readEmail(full)] })
  await call('find-both', 'list', { emails: [addresses.full, addresses.bare] })
  await call('find-limited', 'list', { emails: [addresses.full, addresses.bare], limit: 1 })
  await call('find-offset', 'list', { emails: [addresses.full, addresses.bare], offset: 1 })
  const strangers = Array.from({ length: mostAddresses - 2 }, () => created.makeAddress())
  await call('find-many', 'list', { emails: [...strangers, addresses.full, addresses.bare] })
  await call('find-case', 'list', { emails: [addresses.full.toUpperCase()] })
  // A filter that matches patterns takes the first for an end of the address, and the underscore for any character.
  await call('find-part', 'list', { emails: [addresses.bare.slice(1), addresses.bare.replace('-', '_')] })
  await call('find-none', 'list', { emails: [created.makeAddress()] })
  await call('page-whole', 'list', { limit: 4, offset: 0 })
  await call('page-first', 'list', { limit: 1, offset: 0 })
  await call('page-second', 'list', { limit: 1, offset: 1 })
  await call('page-both', 'list', { limit: 2, offset: 0 })
  await call('page-next', 'list', { limit: 2, offset: 2 })
  await call('page-beyond', 'list', { limit: 250, offset: 250 })

  await call('update', 'update', { userId, body: { name: 'Bo' } })
  await call('get-updated', 'get', { userId })
  await call('update-other', 'update', { userId, body: { name: 'Cy' } })
  await call('update-again', 'update', { userId, body: { name: 'Bo' } })
  await call('update-same', 'update', { userId, body: { name: 'Bo' } })
  await call('update-nothing', 'update', { userId, body: {} })
  await call('update-refused', 'update', { userId, body: { name: 'Refused', timeFormat: 13 } })
  await call('get-refused', 'get', { userId })
  await call('update-zone', 'update', { userId, body: { timeZone: 'america/new_york' } })
  await call('update-all', 'update', { userId, body: changedMembers })
  await call('get-changed', 'get', { userId })
  await call('get-other', 'get', { userId: bareId })
  for (const member of clearable)
    await call(`clear-${member}`, 'update', { userId, body: { [member]: null } })
  await call('get-cleared', 'get', { userId })
  await call('update-email', 'update', { userId, body: { email: addresses.changed } })
  await call('update-taken', 'update', { userId, body: { email: addresses.bare, name: 'Taken' } })
  await call('get-taken', 'get', { userId })
  await call('find-changed', 'list', { emails: [addresses.changed] })
  await call('find-former', 'list', { emails: [addresses.full] })
  for (const name of ['get', 'update', 'delete', 'force-refresh'])
    await call(`absent-${name}`, name, {
      userId: absentUser,
      ...(name === 'update' ? { body: { name: 'Bo' } } : {}),
    })

  await observeTokens(call, { userId, bareToken: bare.refreshToken, token: full.refreshToken })
  if (!target.configured) await observeWrongSecret(call, target, userId)
  if (target.other) await observeTenants(call, target, target.other, { userId, addresses })

  await call('delete', 'delete', { userId: bareId })
  await call('deleted-get', 'get', { userId: bareId })
  await call('deleted-update', 'update', { userId: bareId, body: { name: 'Bo' } })
  await call('deleted-force-refresh', 'force-refresh', { userId: bareId })
  await call('deleted-delete', 'delete', { userId: bareId })
  const { refreshToken } = asRecord(asRecord(asRecord(steps.get('refresh-other')?.result.body).data))
  await call('deleted-refresh', 'refresh', { body: nameToken(refreshToken ?? bare.refreshToken) })
  await call('deleted-find', 'list', { emails: [addresses.bare] })
  await call('deleted-list', 'list', { limit: 250 })
  await call('get-survivor', 'get', { userId })
  const edges = { name: '', timeZone: 'america/new_york', bio: null, locale: null, avatarUrl: null }
  const again = await call('create-reused', 'create', { body: { email: addresses.bare, ...edges } })
  await call('delete-reused', 'delete', { userId: readId(again) })
  await call('delete-long', 'delete', { userId: readId(long) })
  await call('delete-full', 'delete', { userId })
  return { addresses, steps }
}

type Call = (
  name: string,
  operation: string,
  values: CallArguments,
  tenant?: Tenant,
) => Promise<CallArguments>

async function observeTokens(
  call: Call,
  {
    userId,
    token,
    bareToken,
  }: { readonly userId: unknown; readonly token: unknown; readonly bareToken: unknown },
): Promise<void> {
  const second = await call('refresh', 'refresh', { body: nameToken(token) })
  await call('refresh-again', 'refresh', { body: nameToken(token) })
  const third = await call('force-refresh', 'force-refresh', { userId })
  await call('refresh-ended', 'refresh', { body: nameToken(second.refreshToken) })
  await call('refresh-forced', 'refresh', { body: nameToken(third.refreshToken) })
  await call('refresh-access', 'refresh', { body: nameToken(third.accessToken) })
  await call('refresh-other', 'refresh', { body: nameToken(bareToken) })
}

/** Observes what somebody tries who knows the client and not its secret. */
async function observeWrongSecret(call: Call, { clientId }: Tenant, userId: unknown): Promise<void> {
  const wrong = { clientId, secret: 'another-secret' }
  const { refreshToken } = await call('wrong-before', 'force-refresh', { userId })
  await call('wrong-update', 'update', { userId, body: { name: 'Eve' } }, wrong)
  await call('wrong-force-refresh', 'force-refresh', { userId }, wrong)
  await call('wrong-refresh', 'refresh', { body: nameToken(refreshToken) }, wrong)
  await call('wrong-delete', 'delete', { userId }, wrong)
  await call('wrong-after', 'get', { userId })
  await call('wrong-kept', 'refresh', { body: nameToken(refreshToken) })
}

/** Observes what the second client tries with a user of the first one, and each client with the other's secret. */
async function observeTenants(
  call: Call,
  { clientId, secret }: Tenant,
  other: Tenant,
  { userId, addresses }: { readonly userId: unknown; readonly addresses: Lifecycle['addresses'] },
): Promise<void> {
  // A cache has the user when the other client asks.
  await call('tenant-own', 'get', { userId })
  await call('tenant-get', 'get', { userId }, other)
  await call('tenant-update', 'update', { userId, body: { name: 'Eve' } }, other)
  const own = await call('tenant-before', 'force-refresh', { userId })
  await call('tenant-force-refresh', 'force-refresh', { userId }, other)
  await call('tenant-kept', 'refresh', { body: nameToken(own.refreshToken) })
  await call('tenant-delete', 'delete', { userId }, other)
  await call('tenant-list', 'list', { limit: 250 }, other)
  await call('tenant-find', 'list', { emails: [addresses.changed] }, other)
  await call('tenant-after', 'get', { userId })
  const foreign = await call(
    'tenant-create',
    'create',
    { body: { email: addresses.full, name: 'Eve' } },
    other,
  )
  await call('tenant-create-delete', 'delete', { userId: asRecord(foreign.user).id }, other)
  const forced = await call('tenant-pair', 'force-refresh', { userId })
  await call('tenant-refresh', 'refresh', { body: nameToken(forced.refreshToken) }, other)
  const mixed = { clientId: other.clientId, secret }
  await call('mixed-list', 'list', {}, mixed)
  await call('mixed-create', 'create', { body: { email: addresses.changed, name: 'Eve' } }, mixed)
  await call('mixed-get', 'get', { userId }, { clientId, secret: other.secret })
  const again = await call('tenant-pair-2', 'force-refresh', { userId })
  await call(
    'mixed-refresh',
    'refresh',
    { body: nameToken(again.refreshToken) },
    { clientId, secret: other.secret },
  )
}

function nameToken(refreshToken: unknown): CallArguments | undefined {
  return typeof refreshToken === 'string' ? { refreshToken } : undefined
}

function readEmail(created: CallArguments): unknown {
  const { email } = asRecord(created.user)
  return typeof email === 'string' ? email : undefined
}
