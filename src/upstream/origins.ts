import type { Config } from '../config/config.ts'
import type { ResponseRules } from '../document/api.ts'
import type { Operation } from '../document/operations.ts'
import type { Tracing } from '../observability/tracing.ts'
import type { GatewayState } from '../state/gateway-state.ts'
import type { ResponseLoad } from './body-stream.ts'
import { currentCall } from './call.ts'
import type { CallRecords } from './call-records.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import type { IdempotencyRecord } from './idempotency.ts'
import { createRequester, type Requester } from './requester.ts'

/** What the requesters of a gateway depend on. */
export interface UpstreamOptions {
  readonly config: Pick<Config, 'baseUrl' | 'upstreamTimeout' | 'ca' | 'proxies'>
  readonly operations: readonly Operation[]
  readonly rules: ResponseRules
  readonly state: GatewayState<IdempotencyRecord>
  readonly breakers: CircuitBreakers
  readonly responses: ResponseLoad
  readonly records: CallRecords
  readonly tracing: Tracing | undefined
}

/**
 * Opens the requester of the configured base URL, and one for each base URL that operations have of their own. APIs
 * share no connections and no circuit breaker, and no name in the store: operations have different ids.
 */
export function openUpstream(options: UpstreamOptions): Requester {
  const { config, operations, rules, state, breakers, records, responses } = options
  const { fingerprint, clock, store } = state
  const common = {
    ...{ timeout: config.upstreamTimeout, ca: config.ca, rules, fingerprint, clock, records, responses },
    ...{ store, operations, proxies: config.proxies, tracing: options.tracing },
  }
  const open = (baseUrl: string) => createRequester({ ...common, baseUrl, circuit: breakers.find(baseUrl) })
  const main = open(config.baseUrl)
  const urls = new Set(operations.flatMap(({ baseUrl }) => baseUrl ?? []))
  if (urls.size === 0) return main
  const others = new Map([...urls].map((baseUrl) => [baseUrl, open(baseUrl)]))
  return {
    origin: main.origin,
    send: (request) => (others.get(currentCall().operation.baseUrl ?? '') ?? main).send(request),
    async close() {
      await Promise.all([main, ...others.values()].map((one) => one.close()))
    },
  }
}
