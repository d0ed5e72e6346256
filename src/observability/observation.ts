import type { FastifyBaseLogger } from 'fastify'
import type { Operation } from '../document/operations.ts'
import { type CallMetrics, createStatusNames, type GatewayMetrics } from './gateway-metrics.ts'
import { describeError } from './logger.ts'
import type { RequestRecorder } from './requests.ts'
import { ResponseSampler, type SamplingOptions } from './response-sampling.ts'

/** What an observation depends on. */
export interface ObservationOptions
  extends Pick<SamplingOptions, 'compare' | 'share' | 'clock'>,
    Partial<Pick<SamplingOptions, 'random'>> {
  readonly operations: readonly Operation[]
  readonly logger: FastifyBaseLogger
  readonly metrics: GatewayMetrics
}

/** How calls by one document are observed. */
export interface Observation {
  /** Records the requests of both servers. */
  readonly recorder: RequestRecorder
  /** Where the calls of the upstream are recorded. */
  readonly calls: {
    readonly metrics: CallMetrics
    readonly logger: FastifyBaseLogger
    /** Absent where no response is sampled. */
    readonly sampler: ResponseSampler | undefined
  }
}

/** Observes calls: their metrics, the audit log, response sampling. */
export function createObservation(options: ObservationOptions): Observation {
  const { operations, logger, metrics, random = Math.random } = options
  const statuses = operations
    .flatMap(({ responses }) => responses.map(({ status }) => Number(status)))
    .filter(Number.isInteger)
  const nameStatus = createStatusNames(statuses)
  const upstream = metrics.upstream(nameStatus)
  const sampler =
    options.share === 0
      ? undefined
      : new ResponseSampler({
          ...options,
          random,
          recorder: upstream,
          onNewKind: (kind) => logger.warn(kind, 'response mismatch'),
          onFailure: (error) => logger.error({ err: describeError(error) }, 'response sampling failed'),
        })
  return {
    recorder: metrics.requests.record(nameStatus),
    calls: { metrics: upstream, logger, sampler },
  }
}
