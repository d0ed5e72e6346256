import { readFileSync, writeFileSync } from 'node:fs'
import { readDocument } from '../src/document/document.ts'
import { type Finding, report } from './finding.ts'
import { readOne } from './gateway-process.ts'
import { configure, describeHeap, startWatchedGateway } from './heap.ts'
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
  await using upstream = await startQuickUpstream()
  await using receiver = await startTelemetryReceiver()
  await using shared = await startSharedState()
  const environment = {
    ...{ ...shared.environment, CAL_COM_BASE_URL: upstream.url, RATE_LIMIT: '100000000/h' },
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  }
  const document = readDocument()
  await using watched = await startWatchedGateway(environment)
  const { gateway, port } = watched
  let [reloads, served, failed] = [0, 0, 0]
  let reloading = Promise.resolve()
  const timer = setInterval(() => {
    reloads += 1
    const next = reloads % 2 === 0 ? document : readDocument()
    reloading = gateway.reload(configure(environment, next))
  }, pause)
  const serve = async () => {
    const signal = AbortSignal.timeout(Math.round((minutes * 60_000) / (points + 1)))
    const { statuses, lost } = await load({ port, request: readOne, connections, signal })
    served += statuses.get(200) ?? 0
    failed += lost + [...statuses].reduce((sum, [status, count]) => sum + (status === 200 ? 0 : count), 0)
    await reloading
  }
  const measure = async () => {
    await serve()
    return { served, heap: watched.readHeap() }
  }
  const seen = [await measure()]
  for (let n = 0; n < points; n += 1) seen.push(await measure())
  clearInterval(timer)
  const { slope, text } = describeHeap(seen)
  return {
    what: `heap over ${minutes} minutes, ${served} requests and ${reloads} reloads, with Redis and OpenTelemetry`,
    figure: 'slope at most 1 byte a request, 0 calls failed',
    measured: `${text}, ${failed} calls failed`,
    ok: slope <= 1 && failed === 0 && receiver.hits > 0,
  }
}

if (import.meta.main) {
  const minutes = Number(process.env.SOAK_MINUTES ?? 20)
  const finding = await soak(minutes)
  report([finding])
  writeFileSync(pageUrl, writeSoak(readFileSync(pageUrl, 'utf8'), finding))
}
