import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readConfig } from '../src/config/config.ts'
import { readApi } from '../src/document/api.ts'
import { readDocument } from '../src/document/document.ts'
import { createGateway } from '../src/gateway.ts'
import { createLogger } from '../src/observability/logger.ts'
import { type Finding, report } from './finding.ts'
import { readOne } from './gateway-process.ts'
import { load } from './load.ts'
import { startQuickUpstream } from './quick-upstream.ts'

/** Concurrent connections. */
const connections = 32
/** Measurements of the heap over the requests. */
const points = 10

/** Serves requests in this process, and fits a line through heap sizes measured in between. */
export async function watchHeap(requests = 300_000): Promise<Finding> {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  await using upstream = await startQuickUpstream()
  const gateway = await createGateway({
    config: readConfig({ CAL_COM_BASE_URL: upstream.url }, readApi(readDocument())),
    document: readDocument(),
    version: '0.0.0-stress',
    // Writes log lines as in production, and keeps none.
    logger: createLogger('info', { write() {} }),
  })
  await using _closed = { [Symbol.asyncDispose]: () => gateway.close() }
  const port = Number(new URL(await gateway.rest.listen({ host: '127.0.0.1', port: 0 })).port)
  const serve = async (count: number) => {
    const over = new AbortController()
    const begin = upstream.hits
    const watch = setInterval(() => upstream.hits - begin >= count && over.abort(), 10)
    await load({ port, request: readOne, connections, signal: over.signal })
    clearInterval(watch)
  }
  const measure = () => {
    collectGarbage()
    collectGarbage()
    return { served: upstream.hits, heap: process.memoryUsage().heapUsed }
  }
  await serve(requests / points)
  const seen = [measure()]
  for (let n = 0; n < points; n += 1) {
    await serve(requests / points)
    seen.push(measure())
  }
  const slope = fitSlope(seen.map(({ served, heap }) => [served, heap]))
  const megabytes = seen.map(({ heap }) => (heap / 1024 / 1024).toFixed(1))
  return {
    what: `heap over ${requests} requests after warm-up`,
    figure: 'slope at most 1 byte a request',
    measured: `${slope.toFixed(2)} bytes a request (${megabytes.at(0)} MB to ${megabytes.at(-1)} MB)`,
    ok: slope <= 1,
  }
}

/** Fits a line through points by least squares, and returns its slope. */
export function fitSlope(points: readonly (readonly [number, number])[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length
  const [x, y] = [mean(points.map(([one]) => one)), mean(points.map(([, one]) => one))]
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  return covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
}

if (import.meta.main) report([await watchHeap()])
