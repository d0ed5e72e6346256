import { readFileSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readConfig } from '../src/config/config.ts'
import { readApi } from '../src/document/api.ts'
import { readDocument } from '../src/document/document.ts'
import { createGateway } from '../src/gateway.ts'
import { createLogger } from '../src/observability/logger.ts'
import { type Finding, report } from './finding.ts'
import { readOne } from './gateway-process.ts'
import { fitSlope } from './heap.ts'
import { load } from './load.ts'
import { pageUrl, writeSoak } from './page.ts'
import { startQuickUpstream } from './quick-upstream.ts'
import { startSharedState } from './shared-state.ts'
import { startTelemetryReceiver } from './telemetry-receiver.ts'

const connections = 32
/** Measurements of the heap after the warm-up. */
const points = 20
/** Milliseconds between two reloads. */
const pause = 10_000

/**
 * Serves requests for some minutes with Redis, a common limit, OpenTelemetry and a reload every ten seconds, half of them
 * with another document, and fits a line through the heap sizes.
 */
export async function soak(minutes: number): Promise<Finding> {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  await using upstream = await startQuickUpstream()
  await using receiver = await startTelemetryReceiver()
  await using shared = await startSharedState()
  const environment = {
    ...{ ...shared.environment, CAL_COM_BASE_URL: upstream.url, RATE_LIMIT: '100000000/h' },
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  }
  const document = readDocument()
  const read = (next: typeof document) => ({
    document: next,
    config: readConfig(environment, readApi(next)),
  })
  const gateway = await createGateway({
    ...read(document),
    version: '0.0.0-stress',
    // Writes log lines as in production, and keeps none.
    logger: createLogger('info', { write() {} }),
  })
  await using _closed = { [Symbol.asyncDispose]: () => gateway.close() }
  const port = Number(new URL(await gateway.rest.listen({ host: '127.0.0.1', port: 0 })).port)
  let [reloads, served, failed] = [0, 0, 0]
  let reloading = Promise.resolve()
  const timer = setInterval(() => {
    reloads += 1
    reloading = gateway.reload(read(reloads % 2 === 0 ? document : readDocument()))
  }, pause)
  const serve = async () => {
    const signal = AbortSignal.timeout((minutes * 60_000) / (points + 1))
    const { statuses, lost } = await load({ port, request: readOne, connections, signal })
    served += statuses.get(200) ?? 0
    failed += lost + [...statuses].reduce((sum, [status, count]) => sum + (status === 200 ? 0 : count), 0)
    await reloading
  }
  const measure = async () => {
    await serve()
    collectGarbage()
    collectGarbage()
    return { served, heap: process.memoryUsage().heapUsed }
  }
  const seen = [await measure()]
  for (let n = 0; n < points; n += 1) seen.push(await measure())
  clearInterval(timer)
  const slope = fitSlope(seen.map(({ served, heap }) => [served, heap]))
  const megabytes = seen.map(({ heap }) => (heap / 1024 / 1024).toFixed(1))
  return {
    what: `heap over ${minutes} minutes, ${served} requests and ${reloads} reloads, with Redis and OpenTelemetry`,
    figure: 'slope at most 1 byte a request, 0 calls failed',
    measured: `${slope.toFixed(2)} bytes a request (${megabytes.at(0)} MB to ${megabytes.at(-1)} MB), ${failed} calls failed`,
    ok: slope <= 1 && failed === 0 && receiver.hits > 0,
  }
}

if (import.meta.main) {
  const minutes = Number(process.env.SOAK_MINUTES ?? 20)
  const finding = await soak(minutes)
  report([finding])
  writeFileSync(pageUrl, writeSoak(readFileSync(pageUrl, 'utf8'), finding))
}
