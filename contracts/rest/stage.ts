import { pino } from 'pino'
import { startPrism } from '../../mocks/prism.ts'
import { readConfig } from '../../src/config.ts'
import { readDocument } from '../../src/contract/document.ts'
import { createGateway } from '../../src/gateway.ts'
import { startPreferHop } from '../prefer-hop.ts'
import type { Cause } from './causes.ts'
import { findDeadUrl, startFaultyUpstream } from './faulty-upstream.ts'

/** Milliseconds that a gateway waits for an upstream that answers, however slow this machine is just now. */
const patience = 30_000

/** Milliseconds that a gateway waits for an upstream that never answers. */
const impatience = 250

/** The gateway before the mock, before an upstream that fails, before one that is silent and before none. */
export interface Stage extends AsyncDisposable {
  /**
   * Gives the origin of the gateway that stands before the wanted upstream; `prefer` is the `Prefer` header that
   * the mock is to see, which the gateway itself lets no caller send.
   */
  raise(upstream: Cause['upstream'], prefer?: string): string
}

/** Starts mock, hop and gateways on free ports. Whatever started is closed again when a later part fails. */
export async function openStage(): Promise<Stage> {
  await using opening = new AsyncDisposableStack()
  const prism = opening.use(await startPrism())
  const hop = await startPreferHop({ upstream: prism.url })
  opening.defer(() => hop.close())
  const faulty = opening.use(await startFaultyUpstream())
  const open = async (url: string, timeout: number) => {
    const { origin, close } = await openGateway(url, timeout)
    opening.defer(close)
    return origin
  }
  const mocked = await open(hop.url, patience)
  const failing = await open(faulty.url, patience)
  const silent = await open(faulty.url, impatience)
  const dead = await open(await findDeadUrl(), patience)
  const opened = opening.move()
  return {
    raise(upstream, prefer) {
      hop.setPrefer(prefer)
      if (upstream === 'mock') return mocked
      if (upstream === 'dead') return dead
      faulty.fault = upstream
      return upstream === 'silence' ? silent : failing
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openGateway(upstream: string, timeout: number) {
  const config = readConfig({ CAL_COM_BASE_URL: upstream, UPSTREAM_TIMEOUT_MS: String(timeout) })
  const logger = pino({ level: 'silent' })
  const gateway = await createGateway({ config, document: readDocument(), logger, version: '0.0.0' })
  const origin = await gateway.rest.listen({ host: '127.0.0.1', port: 0 })
  return { origin, close: () => gateway.close() }
}
