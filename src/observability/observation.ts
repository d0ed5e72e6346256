import type { FastifyBaseLogger } from 'fastify'
import type { OpenApiDocument } from '../document/document.ts'
import { createComparison } from '../document/response-mismatch.ts'
import { readDescribedOperations } from '../document/responses.ts'
import type { CallObserver } from './call-observer.ts'
import { type MetricSources, Metrics } from './metrics.ts'
import { ResponseSampler, type SamplingOptions } from './response-sampling.ts'

/** What an observation depends on. */
export interface ObservationOptions extends Pick<SamplingOptions, 'share' | 'clock' | 'random'> {
  readonly document: OpenApiDocument
  readonly admission: MetricSources['admission']
  readonly circuit: MetricSources['circuit']
  readonly logger: FastifyBaseLogger
}

/** What is seen of a gateway from outside: its metrics, and what its upstream's answers come to. */
export interface Observation {
  readonly metrics: Metrics
  /** To be told of each call of the upstream. */
  readonly watch: CallObserver
}

/** Begins to count, and to hold samples of answers against the document. */
export function createObservation(options: ObservationOptions): Observation {
  const { document, admission, circuit, logger } = options
  const statuses = readDescribedOperations(document)
    .flatMap(({ responses }) => responses.map(({ status }) => Number(status)))
    .filter(Number.isInteger)
  const metrics = new Metrics({ admission, circuit, statuses })
  const drift = new ResponseSampler({
    ...options,
    compare: createComparison(document),
    recorder: metrics,
    onNewKind: (kind) => logger.warn(kind, 'an answer departs from the document'),
    onFailure: (err) => logger.error({ err }, 'an answer could not be held against the document'),
  })
  const watch: CallObserver = {
    onEnd(operation, end, milliseconds) {
      metrics.onEnd(operation, end, milliseconds)
      if (end.response) drift.observe(operation, end.response)
    },
    onRetry: (operation) => metrics.onRetry(operation),
  }
  return { metrics, watch }
}
