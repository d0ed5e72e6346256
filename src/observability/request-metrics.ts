import { countDroppedLines } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { RequestRecorder } from './request-log.ts'
import type { StatusNames } from './status-names.ts'

/** The concurrency limit as far as it is observed. */
export interface ObservedAdmission {
  readonly active: number
  readonly waiting: number
  readonly shed: number
}

/**
 * Registers the metrics of both servers. Labels hold names of the document, codes of the catalogue and statuses, and
 * nothing that a client or an upstream writes.
 */
export function createRequestMetrics(
  metrics: Metrics,
  nameStatus: StatusNames,
  admission: ObservedAdmission,
): RequestRecorder {
  const labels: ('surface' | 'operation')[] = ['surface', 'operation']
  const requests = metrics.count('requests_total', 'Requests and tool calls', [...labels, 'status'])
  const durations = metrics.time('request_duration_seconds', 'Time until their responses end', labels)
  const errors = metrics.count('errors_total', "The gateway's own errors", ['surface', 'code'])
  metrics.read(
    'requests_active',
    'Requests that hold a slot of the concurrency limit',
    () => admission.active,
  )
  metrics.read('requests_waiting', 'Requests that wait for a slot', () => admission.waiting)
  metrics.readTotal('requests_shed_total', 'Requests refused for want of a slot', () => admission.shed)
  metrics.readTotal('log_lines_dropped_total', 'Lines that the log did not take', countDroppedLines)
  const recordError: RequestRecorder['recordError'] = (surface, code) => errors.inc({ surface, code })
  return {
    recordError,
    recordRequest(surface, operation = 'none', { status, code }, milliseconds) {
      requests.inc({ surface, operation, status: nameStatus(status) })
      durations.observe({ surface, operation }, milliseconds / 1000)
      if (code !== undefined) recordError(surface, code)
    },
  }
}
