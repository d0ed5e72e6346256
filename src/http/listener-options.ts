import type { FastifyBaseLogger } from 'fastify'
import type { Guard } from '../access/authentication.ts'
import type { Config } from '../config/config.ts'
import type { Operation } from '../document/operations.ts'
import type { ReadinessCheck } from '../observability/readiness.ts'
import type { RequestRecorder } from '../observability/requests.ts'
import type { Fingerprint } from '../state/fingerprint.ts'
import type { CounterStore } from '../state/store.ts'
import { listCredentialHeaders } from '../upstream/credentials.ts'
import type { Admission } from './admission.ts'
import { UnreadResponses } from './connection.ts'
import type { ListenerOptions, ListenerTimeouts } from './listener.ts'

/** The options that both servers have in common. */
export type CommonListenerOptions = Omit<ListenerOptions, 'surface' | 'bodyLimit' | 'refuseUnrouted'>

/** The parts of a gateway that its servers listen with. */
export interface ListenerParts {
  readonly config: Pick<Config, 'allowedHosts' | 'allowedOrigins' | 'rateLimit' | 'tls' | 'writeTimeout'>
  readonly operations: readonly Operation[]
  readonly guard: Pick<Guard, 'authenticate'>
  readonly embedding: ListenerOptions['embedding']
  readonly state: { readonly store: CounterStore; readonly fingerprint: Fingerprint }
  readonly readiness: Pick<ReadinessCheck, 'draining'>
  readonly admission: Admission
  readonly timeouts: ListenerTimeouts
  readonly logger: FastifyBaseLogger
  readonly recorder: RequestRecorder
}

/** Creates the options of both servers: they share one concurrency limit, one rate limit and one bound of unread responses. */
export function createListenerOptions(parts: ListenerParts): CommonListenerOptions {
  const { config, operations, guard, embedding, state, readiness, admission, timeouts, logger, recorder } =
    parts
  const { allowedHosts, allowedOrigins, rateLimit } = config
  const { store, fingerprint } = state
  const credentialHeaders = listCredentialHeaders(operations)
  return {
    ...{ logger, recorder, readiness, embedding, admission, timeouts, allowedHosts, allowedOrigins },
    tls: config.tls,
    authenticate: guard.authenticate,
    unread: new UnreadResponses({ timeout: config.writeTimeout }),
    rateLimit: rateLimit && { ...rateLimit, store, fingerprint, credentialHeaders },
  }
}
