import { bareProxy, describeGateway, expressPair, nginxProxy, prismProxy } from '../contenders.ts'
import { requestRest } from '../requests.ts'
import {
  compareCandidates,
  findMedian,
  listRestCandidates,
  relate,
  startContenders,
  tabulate,
} from './comparison.ts'
import type { Bench, Section } from './section.ts'

/** CPU cost of the REST server beside other proxies, and of each part of the gateway. */
export interface RestSection extends Section {
  /** Requests a second of the bare proxy at its best. */
  readonly peak: number
}

/** Connections of the comparison. */
const connections = 32

/** Measures all proxies for one read of one user. */
export async function measureRest(bench: Bench): Promise<RestSection> {
  const { parts, environment, gateway, settings } = bench
  const others = [bareProxy, nginxProxy, expressPair, prismProxy]
  const steps = parts.map((_, last) => last)
  const taken = settings.onlyExtremes ? [0, parts.length - 1] : steps
  await using running = await startContenders(
    [...others, ...taken.map((last) => describeGateway(parts, last))],
    bench,
  )
  const direct = {
    name: 'direct, no proxy',
    port: Number(new URL(environment.upstream).port),
    request: requestRest(bareProxy),
    expected: '4711',
  }
  const comparison = await compareCandidates([direct, ...listRestCandidates(running)], bench, connections)
  const target = (what: string, base: string, must: number, aim: number) => ({
    what,
    must,
    aim,
    direction: 'at most' as const,
    measured: relate(comparison, gateway.name, base),
  })
  return {
    peak: findMedian(comparison, bareProxy.name, ({ rate }) => rate),
    tables: [
      {
        title: 'REST: one user of 400 bytes',
        note: `${connections} connections. \`calgate\` has every part switched on; each \`calgate: + …\` adds the named part to those above it.`,
        ...tabulate(comparison, bareProxy.name, running),
      },
    ],
    targets: [
      target('REST, CPU a request, all on ÷ bare @fastify/http-proxy', bareProxy.name, 1, 0.75),
      target('REST, CPU a request ÷ nginx', nginxProxy.name, 7, 5),
      target('REST ÷ express-openapi-validator + http-proxy-middleware', expressPair.name, 0.5, 0.4),
      target('REST ÷ prism proxy --errors', prismProxy.name, 0.2, 0.15),
    ],
    charts: [
      {
        title: 'REST: CPU µs a request',
        bars: [nginxProxy, gateway, bareProxy, expressPair, prismProxy].map(({ name }) => ({
          name,
          value: findMedian(comparison, name, ({ cpu }) => cpu),
        })),
      },
    ],
  }
}
