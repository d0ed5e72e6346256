import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readConfig } from '../src/config/config.ts'
import type { Environment } from '../src/config/environment.ts'
import { readApi } from '../src/document/api.ts'
import { type OpenApiDocument, readDocument } from '../src/document/document.ts'
import { createServers } from '../src/gateway.ts'
import type { GatewayServers } from '../src/http/gateway.ts'
import { createLogger } from '../src/observability/logger.ts'
import { type Finding, report } from './finding.ts'
import { readOne } from './gateway-process.ts'
import { load } from './load.ts'
import { startQuickUpstream } from './quick-upstream.ts'

/** Concurrent connections. */
const connections = 32
/** Measurements of the heap over the requests. */
const points = 10

/** The heap after so many requests. */
export interface HeapSample {
  readonly served: number
  /** In bytes. */
  readonly heap: number
}

/** A gateway in this process, whose heap can be read. */
export interface WatchedGateway extends AsyncDisposable {
  readonly gateway: GatewayServers
  /** Of its REST server. */
  readonly port: number
  /** Collects garbage and returns the bytes that are left. */
  readHeap(): number
}

/** Reads the configuration of a gateway that serves a document. */
export function configure(environment: Environment, document: OpenApiDocument) {
  return { document, config: readConfig(environment, readApi(document)) }
}

/** Starts a gateway of the shipped document in this process. It writes log lines as in production, and keeps none. */
export async function startWatchedGateway(environment: Environment): Promise<WatchedGateway> {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const gateway = await createServers({
    ...configure(environment, readDocument()),
    version: '0.0.0-stress',
    logger: createLogger('info', { write() {} }),
  })
  const port = Number(new URL(await gateway.rest.listen({ host: '127.0.0.1', port: 0 })).port)
  return {
    gateway,
    port,
    readHeap() {
      collectGarbage()
      collectGarbage()
      return process.memoryUsage().heapUsed
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  }
}

/** Fits a line through the sizes of a heap; the text says its slope, in bytes a request, and where it begins and ends. */
export function describeHeap(samples: readonly HeapSample[]): {
  readonly slope: number
  readonly text: string
} {
  const slope = fitSlope(samples.map(({ served, heap }) => [served, heap]))
  const megabytes = samples.map(({ heap }) => (heap / 1024 / 1024).toFixed(1))
  return {
    slope,
    text: `${slope.toFixed(2)} bytes a request (${megabytes.at(0)} MB to ${megabytes.at(-1)} MB)`,
  }
}

/** Serves requests in this process, and fits a line through heap sizes measured in between. */
export async function watchHeap(requests = 300_000): Promise<Finding> {
  await using upstream = await startQuickUpstream()
  await using watched = await startWatchedGateway({ CAL_COM_BASE_URL: upstream.url })
  const { port } = watched
  const serve = async (count: number) => {
    const over = new AbortController()
    const begin = upstream.hits
    const watch = setInterval(() => upstream.hits - begin >= count && over.abort(), 10)
    await load({ port, request: readOne, connections, signal: over.signal })
    clearInterval(watch)
  }
  const measure = () => ({ served: upstream.hits, heap: watched.readHeap() })
  await serve(requests / points)
  const seen = [measure()]
  for (let n = 0; n < points; n += 1) {
    await serve(requests / points)
    seen.push(measure())
  }
  const { slope, text } = describeHeap(seen)
  return {
    what: `heap over ${requests} requests after warm-up`,
    figure: 'slope at most 1 byte a request',
    measured: text,
    ok: slope <= 1,
  }
}

/** Fits a line through points by least squares, and returns its slope. */
function fitSlope(points: readonly (readonly [number, number])[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length
  const [x, y] = [mean(points.map(([one]) => one)), mean(points.map(([, one]) => one))]
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  return covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
}

if (import.meta.main) report([await watchHeap()])
