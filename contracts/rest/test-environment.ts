import { startPrism } from '../../mocks/prism.ts'
import type { ServersOptions } from '../../src/http/gateway.ts'
import { findClosedUrl, startGateway } from '../../test/support/gateway.ts'
import { startRawUpstream } from '../../test/support/raw-upstream.ts'
import { startRecorder } from '../recorder.ts'
import { describeGuards, type Guard, writeKeyFile, writeStateKey } from './access-rules.ts'
import type { Cause } from './error-causes.ts'
import { beginCalls, failOften, type Past, refuseOnce, useKeys } from './prior-calls.ts'
import { faults } from './upstream-faults.ts'

/** Milliseconds that a gateway waits for an upstream, and that calls are pending: longer than any test. */
const longTimeout = 600_000

/** Milliseconds that a gateway waits for an upstream that never responds. */
const shortTimeout = 600

/** Milliseconds for which a gateway that gave its upstream up does not ask again: longer than any test. */
const longPause = 3_600_000

/** Gateways before the mock, before upstreams that fail in every way and before none, some of them with a past. */
export interface TestEnvironment extends AsyncDisposable {
  /**
   * Gives the origin of the gateway that stands before the wanted upstream; `prefer` is the `Prefer` header that
   * the mock is to see, which the gateway itself lets no client send.
   */
  raise(upstream: Cause['upstream'], prefer?: string): string
}

/** Starts mock, recorder and gateways on free ports. Whatever started is closed again when a later part fails. */
export async function openTestEnvironment(): Promise<TestEnvironment> {
  await using opening = new AsyncDisposableStack()
  const prism = opening.use(await startPrism())
  const recorder = opening.use(await startRecorder(prism.url))
  const faulty = opening.use(await startRawUpstream(faults.silence))
  const open = async (
    url: string,
    timeout: number,
    options?: Partial<ServersOptions>,
    variables?: Record<string, string>,
  ) => {
    const environment = { UPSTREAM_TIMEOUT_MS: String(timeout), ...variables }
    return opening.use(await startGateway(url, environment, options)).restUrl
  }
  const mocked = await open(recorder.url, longTimeout)
  const failing = await open(faulty.url, longTimeout)
  const silent = await open(faulty.url, shortTimeout)
  const dead = await open(await findClosedUrl(), longTimeout)
  const given = await open(await findClosedUrl(), longTimeout, { circuit: { pause: longPause } })
  await failOften(given)
  const throttling = opening.use(await startRawUpstream(faults['a request to wait']))
  const held = await open(throttling.url, longTimeout)
  await refuseOnce(held)
  const hanging = await startRawUpstream(faults.silence)
  const busy = await open(hanging.url, longTimeout)
  // Closed before its gateway, which waits for the calls under way.
  opening.use(hanging)
  await beginCalls(busy, hanging)
  await useKeys(mocked)
  const limited = await open(recorder.url, longTimeout, {}, { RATE_LIMIT: '1/h' })
  await refuseOnce(limited)
  const full = await open(recorder.url, longTimeout, { admission: { active: 0, waiting: 0, timeout: 0 } })
  const keys = opening.use(writeKeyFile())
  const stateKey = opening.use(writeStateKey())
  const guards = describeGuards({ keys: keys.path, stateKey: stateKey.path }, await findClosedUrl())
  const guarded = (guard: Guard) => open(recorder.url, longTimeout, {}, guards[guard])
  const prepared = {
    'many failures': given,
    'a refusal for now': held,
    'calls under way': busy,
    'other calls': mocked,
    'too many calls': limited,
    'more calls than places': full,
    'a guard': await guarded('a guard'),
    'an issuer out of reach': await guarded('an issuer out of reach'),
    'a store out of reach': await guarded('a store out of reach'),
    'another client': await guarded('another client'),
    'no deletions': await guarded('no deletions'),
  }
  const opened = opening.move()
  return {
    raise(upstream, prefer) {
      recorder.prefer = prefer
      if (upstream === 'mock') return mocked
      if (upstream === 'dead') return dead
      if (isPrepared(upstream, prepared)) return prepared[upstream]
      faulty.behave = faults[upstream]
      return upstream === 'silence' ? silent : failing
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

function isPrepared(
  upstream: string,
  prepared: Readonly<Record<Past | Guard, string>>,
): upstream is Past | Guard {
  return Object.hasOwn(prepared, upstream)
}
