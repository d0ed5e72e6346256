import type { FastifyBaseLogger } from 'fastify'
import type { OpenApiDocument } from '../document/document.ts'
import { createComparison } from '../document/response-mismatch.ts'
import { readDescribedOperations } from '../document/responses.ts'
import { Metrics } from './metrics.ts'
import {
  createRequestMetrics,
  createStatusNames,
  type ObservedAdmission,
  type RequestRecorder,
} from './requests.ts'
import { ResponseSampler, type SamplingOptions } from './response-sampling.ts'
import {
  type CallObserver,
  createCallObserver,
  createUpstreamMetrics,
  type ObservedUpstream,
} from './upstream-calls.ts'

/** What an observation depends on. */
export interface ObservationOptions
  extends Pick<SamplingOptions, 'share' | 'clock'>,
    Partial<Pick<SamplingOptions, 'random'>>,
    ObservedUpstream {
  readonly document: OpenApiDocument
  readonly admission: ObservedAdmission
  readonly logger: FastifyBaseLogger
  /** Whether the metrics include those of the process, for as long as it lives. */
  readonly watchProcess?: boolean | undefined
}

/** How a gateway is observed. */
export interface Observation {
  readonly metrics: Metrics
  /** Records the requests of both servers. */
  readonly recorder: RequestRecorder
  /** Observes each call of the upstream. */
  readonly watch: CallObserver
}

/** Registers the metrics, and observes calls: their metrics, the audit log, response sampling. */
export function createObservation(options: ObservationOptions): Observation {
  const { document, admission, logger, random = Math.random } = options
  const metrics = new Metrics()
  const statuses = readDescribedOperations(document)
    .flatMap(({ responses }) => responses.map(({ status }) => Number(status)))
    .filter(Number.isInteger)
  const nameStatus = createStatusNames(statuses)
  const upstream = createUpstreamMetrics(metrics, nameStatus, options)
  const sampler = new ResponseSampler({
    ...options,
    random,
    compare: createComparison(document),
    recorder: upstream,
    onNewKind: (kind) => logger.warn(kind, 'response mismatch'),
    onFailure: (err) => logger.error({ err }, 'response sampling failed'),
  })
  const recorder = createRequestMetrics(metrics, nameStatus, admission)
  if (options.watchProcess) metrics.watchProcess()
  return {
    metrics,
    recorder,
    watch: createCallObserver({ metrics: upstream, logger, sampler }),
  }
}
