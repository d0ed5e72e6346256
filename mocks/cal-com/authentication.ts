import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from './clock.ts'
import { CalComError } from './errors.ts'
import type { ApiKey, Client, Store } from './store.ts'

/** What the checks look at. */
interface World {
  readonly store: Store
  readonly clock: Clock
}

/** Who calls: the client itself by its secret, or somebody with an API key. */
export type Holder = { readonly client: Client } | { readonly apiKey: ApiKey }

/**
 * Checks an API key as the throttle does, which looks keys up for limits of their own and stops at an unknown one.
 * Throws a `CalComError`.
 */
export function checkApiKey({ apiKeys }: Store, { authorization }: IncomingHttpHeaders): void {
  const token = authorization?.replace(/^Bearer /, '')
  if (token?.startsWith('cal_') && !apiKeys.has(token)) throw new CalComError('bad_api_key_at_throttler')
}

/**
 * Finds out who calls, in Cal.com's order: secret, bearer, nothing (there are no session cookies here). The client
 * comes from the path; the header `x-cal-client-id` is not looked at. Throws a `CalComError`.
 */
export function authenticate(
  { store, clock }: World,
  clientId: string,
  headers: IncomingHttpHeaders,
): Holder {
  const secret = headers['x-cal-secret-key']
  if (typeof secret === 'string' && secret !== '') return { client: checkSecret(store, clientId, secret) }
  const token = headers.authorization?.replace(/^Bearer /, '')
  if (!token) throw new CalComError('missing_secret')
  if (!token.startsWith('cal_')) throw describeToken(store, clock, token)
  const apiKey = store.apiKeys.get(token)
  if (!apiKey) throw new CalComError('api_key_invalid')
  if (apiKey.expired) throw new CalComError('api_key_expired')
  return { apiKey }
}

function checkSecret(store: Store, clientId: string, secret: string): Client {
  const client = store.clients.get(clientId)
  if (!client) throw new CalComError('unknown_client', { clientId })
  if (client.secret !== secret) throw new CalComError('wrong_secret')
  if (!client.hasOwner) throw new CalComError('no_owner')
  return client
}

/** A managed user's own token opens none of these operations; an ended one says so. */
function describeToken(store: Store, clock: Clock, token: string): CalComError {
  const users = [...store.clients.values()].flatMap(({ users }) => [...users.values()])
  const known = users
    .flatMap(({ tokens }) => tokens)
    .find((one) => one.type === 'access_token' && one.token === token)
  if (!known) return new CalComError('stale_token')
  return new CalComError(known.expiresAt <= clock() ? 'expired_access_token' : 'role')
}

/** Guards all operations but refresh: the client is the key's, and its holder may. Throws a `CalComError`. */
export function guard({ store }: World, clientId: string, holder: Holder): Client {
  if ('client' in holder) return holder.client
  const { orgId, role } = holder.apiKey
  if (orgId === undefined) throw new CalComError('no_organization')
  const client = store.clients.get(clientId)
  if (!client) throw new CalComError('unknown_client_api_key')
  if (client.orgId !== orgId) throw new CalComError('foreign_client', { clientId, orgId })
  if (role === 'MEMBER') throw new CalComError('role')
  return client
}
