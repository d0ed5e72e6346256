import type { Clock } from '../../src/state/expiring-map.ts'
import { Fingerprint } from '../../src/state/fingerprint.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import { ResponseLoad } from '../../src/upstream/body-stream.ts'
import { CircuitBreaker } from '../../src/upstream/circuit-breaker.ts'
import type { IdempotencyRecord } from '../../src/upstream/idempotency.ts'
import { createRunLogger } from './run-log.ts'

/** Creates what a gateway gives a requester of its own; calls are counted nowhere. */
export function createRequesterParts(clock: Clock = () => 0) {
  return {
    fingerprint: new Fingerprint(new Uint8Array(32)),
    clock,
    store: createMemoryStore<IdempotencyRecord>(clock),
    circuit: new CircuitBreaker(),
    responses: new ResponseLoad(),
    records: { metrics: { recordCall() {}, recordRetry() {} }, logger: createRunLogger() },
  }
}
