import type { FastifyBaseLogger } from 'fastify'
import type { OpenApiDocument } from '../document/document.ts'
import { createComparison } from '../document/response-mismatch.ts'
import { readDescribedOperations } from '../document/responses.ts'
import { Metrics } from './metrics.ts'
import {
  createRequestMetrics,
  createStatusNames,
  type ObservedAdmission,
  type RequestMetrics,
} from './request-metrics.ts'
import type { RequestRecorder } from './requests.ts'
import { ResponseSampler, type SamplingOptions } from './response-sampling.ts'
import {
  type CallObserver,
  createCallObserver,
  createUpstreamMetrics,
  type ObservedUpstream,
  type UpstreamMetrics,
} from './upstream-calls.ts'

/** What the metrics read at each scrape. */
export interface Observed extends ObservedUpstream {
  readonly admission: () => ObservedAdmission
  /** Whether the metrics include those of the process, for as long as it lives. */
  readonly watchProcess?: boolean | undefined
}

/** The metrics of a gateway, which last as long as it does. */
export interface GatewayMetrics {
  readonly metrics: Metrics
  readonly requests: RequestMetrics
  readonly upstream: UpstreamMetrics
}

/** Registers the metrics of a gateway. */
export function createGatewayMetrics(observed: Observed): GatewayMetrics {
  const metrics = new Metrics()
  const requests = createRequestMetrics(metrics, observed.admission)
  const upstream = createUpstreamMetrics(metrics, observed)
  if (observed.watchProcess) metrics.watchProcess()
  return { metrics, requests, upstream }
}

/** What an observation depends on. */
export interface ObservationOptions
  extends Pick<SamplingOptions, 'share' | 'clock'>,
    Partial<Pick<SamplingOptions, 'random'>> {
  readonly document: OpenApiDocument
  readonly logger: FastifyBaseLogger
  readonly metrics: GatewayMetrics
}

/** How calls by one document are observed. */
export interface Observation {
  /** Records the requests of both servers. */
  readonly recorder: RequestRecorder
  /** Observes each call of the upstream. */
  readonly watch: CallObserver
}

/** Observes calls: their metrics, the audit log, response sampling. */
export function createObservation(options: ObservationOptions): Observation {
  const { document, logger, metrics, random = Math.random } = options
  const statuses = readDescribedOperations(document)
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
          compare: createComparison(document),
          recorder: upstream,
          onNewKind: (kind) => logger.warn(kind, 'response mismatch'),
          onFailure: (err) => logger.error({ err }, 'response sampling failed'),
        })
  return {
    recorder: metrics.requests.record(nameStatus),
    watch: createCallObserver({ metrics: upstream, logger, sampler }),
  }
}
