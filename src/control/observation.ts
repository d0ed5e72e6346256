import type { FastifyBaseLogger } from 'fastify'
import { readAnswers } from '../contract/answers.ts'
import { createComparison } from '../contract/departures.ts'
import type { OpenApiDocument } from '../contract/document.ts'
import type { UpstreamDispatcher } from '../upstream/dispatcher.ts'
import { type DriftOptions, DriftSampler } from '../upstream/drift.ts'
import type { CallWatch } from '../upstream/exchange.ts'
import { type MetricSources, Metrics } from './metrics.ts'

/** What an observation depends on. */
export interface ObservationOptions extends Pick<DriftOptions, 'share' | 'clock' | 'random'> {
  readonly document: OpenApiDocument
  readonly admission: MetricSources['admission']
  readonly dispatcher: UpstreamDispatcher
  readonly logger: FastifyBaseLogger
}

/** What is seen of a gateway from outside: its metrics, and what its upstream's answers come to. */
export interface Observation {
  readonly metrics: Metrics
  /** To be told of each call of the upstream. */
  readonly watch: CallWatch
}

/** Begins to count, and to hold samples of answers against the document. */
export function createObservation(options: ObservationOptions): Observation {
  const { document, admission, dispatcher, logger } = options
  const statuses = readAnswers(document).map(({ status }) => status)
  const metrics = new Metrics({ admission, circuit: dispatcher.circuit, statuses })
  const drift = new DriftSampler({
    ...options,
    compare: createComparison(document),
    recorder: metrics,
    onNewKind: (kind) => logger.warn(kind, 'an answer departs from the document'),
    onFailure: (err) => logger.error({ err }, 'an answer could not be held against the document'),
  })
  const watch: CallWatch = {
    onEnd(operation, end, milliseconds) {
      metrics.onEnd(operation, end, milliseconds)
      if (end.answer) drift.observe(operation, end.answer)
    },
    onRetry: (operation) => metrics.onRetry(operation),
  }
  return { metrics, watch }
}
