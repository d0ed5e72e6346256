import { isDeepStrictEqual } from 'node:util'
import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Grant } from '../access/authorization.ts'
import type { Rate } from '../config/environment.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Fingerprint, Identity } from '../state/fingerprint.ts'
import type { Count, CounterStore } from '../state/store.ts'
import { toIdentity } from '../upstream/credentials.ts'
import { type CredentialPlace, readCredentials } from '../upstream/secrets.ts'
import { parseUrlQuery } from './secret-listing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose limit the library counts next, by a hash: it derives its key from the request alone. */
    limited: string | undefined
    /**
     * Counts a call of an operation by the credentials that go upstream with it. The first call of a request is counted
     * with the request, unless its credentials are others. Rejects with `rate_limited`.
     */
    countCall: CallCounter | undefined
  }
}

/** Counts one call by the credentials that go upstream with it. Rejects with `rate_limited`. */
export type CallCounter = (identity: Identity) => Promise<void>

/** How often a client may call, and how clients are told apart. */
export interface RateLimitOptions extends Rate {
  readonly store: CounterStore
  /** Names clients in the store, so that it holds no credential. */
  readonly fingerprint: Fingerprint
  /** Where clients of a pass-through gateway bring their credentials. */
  readonly credentials: readonly CredentialPlace[]
}

/**
 * Limits how often a client may call. A client is who was authenticated; in a pass-through gateway the credential of
 * the call; without either the address, an IPv6 address by its /64 network.
 */
export function registerRateLimit(app: FastifyInstance, options: RateLimitOptions | undefined): void {
  app.decorateRequest('limited', undefined)
  app.decorateRequest('countCall', undefined)
  if (!options) return
  const { calls, window, store, fingerprint, credentials } = options
  // A name costs a hash, and a gateway key has the same grant for each of its requests.
  const names = new WeakMap<Grant, string>()
  const nameClient = ({ grant, socket }: FastifyRequest, identity: Identity) => {
    const known = names.get(grant)
    if (known !== undefined) return known
    const isBrought = Object.keys(identity).length > 0
    // A client that has disconnected has no address left.
    const name = fingerprint.nameLimited(
      grant.caller,
      isBrought ? identity : { ':address': normalizeIP(socket.remoteAddress ?? '') },
    )
    if (grant.caller !== '') names.set(grant, name)
    return name
  }
  app.register(rateLimit, {
    global: false,
    max: calls,
    timeWindow: window,
    keyGenerator: ({ limited }) => limited ?? '',
    store: adaptStore(store, window),
  })
  let limit: ReturnType<FastifyInstance['createRateLimit']> | undefined
  app.after(() => {
    limit = app.createRateLimit()
  })
  const count = async (request: FastifyRequest, name: string) => {
    request.limited = name
    const result = await limit?.(request)
    if (result?.isAllowed === false && result.isExceeded)
      throw new GatewayError('rate_limited', { headers: { 'retry-after': String(result.ttlInSeconds) } })
  }
  const takesQuery = credentials.some((one) => one.in === 'query')
  const noQuery = new URLSearchParams()
  // Made outside of the hook: a request whose async hook shares its scope with a closure outlives young collections.
  const createCounter = (request: FastifyRequest, brought: Identity, own: string): CallCounter => {
    let counted = 0
    return async (identity) => {
      const isOwn = request.grant.caller !== '' || isDeepStrictEqual(identity, brought)
      const name = isOwn ? own : nameClient(request, identity)
      counted += 1
      if (name !== own || counted > 1) await count(request, name)
    }
  }
  app.addHook('onRequest', async (request) => {
    const { grant, headers, url } = request
    const isKnown = grant.caller !== ''
    const query = takesQuery && !isKnown ? parseUrlQuery(url) : noQuery
    const brought = isKnown ? {} : toIdentity(readCredentials({ headers, query }, credentials))
    const own = nameClient(request, brought)
    request.countCall = createCounter(request, brought, own)
    await count(request, own)
  })
}

/** Adapts the store to the library, which creates its store itself and takes callbacks. */
function adaptStore(store: CounterStore, window: number) {
  // A limit with another period counts anew: a counter ends with the window that it began with.
  const prefix = `calls:${window}:`
  return class AdaptedStore {
    incr(name: string, done: (error: Error | null, result?: { current: number; ttl: number }) => void): void {
      const tell = ({ calls, remaining }: Count) => done(null, { current: calls, ttl: remaining })
      store.count(prefix + name, window).then(tell, done)
    }

    child(): AdaptedStore {
      return this
    }
  }
}
