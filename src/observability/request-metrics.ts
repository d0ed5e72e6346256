import { errorCatalogue } from '../errors/catalogue.ts'
import { countDroppedLines } from './logger.ts'
import type { Metrics } from './metrics.ts'
import { clientDisconnected, type RequestRecorder } from './requests.ts'

/** The concurrency limit as far as it is observed. */
export interface ObservedAdmission {
  readonly active: number
  readonly waiting: number
}

/** The metrics of both servers. */
export interface RequestMetrics {
  /** Counts requests, with statuses as a document names them. */
  readonly record: (nameStatus: StatusNames) => RequestRecorder
  /** Counts a request refused for want of a slot. */
  readonly recordShed: () => void
}

/**
 * Registers the metrics of both servers. Labels hold names of the document, codes of the catalogue and statuses, and
 * nothing that a client or an upstream writes. A reload replaces the concurrency limit that is read.
 */
export function createRequestMetrics(metrics: Metrics, admission: () => ObservedAdmission): RequestMetrics {
  const labels: ('surface' | 'operation')[] = ['surface', 'operation']
  const requests = metrics.count('requests_total', 'Requests and tool calls', [...labels, 'status'])
  const durations = metrics.time('request_duration_seconds', 'Time until their responses end', labels)
  const errors = metrics.count('errors_total', "The gateway's own errors", ['surface', 'code'])
  metrics.read(
    'requests_active',
    'Requests that hold a slot of the concurrency limit',
    () => admission().active,
  )
  metrics.read('requests_waiting', 'Requests that wait for a slot', () => admission().waiting)
  const shed = metrics.count('requests_shed_total', 'Requests refused for want of a slot', [])
  metrics.readTotal('log_lines_dropped_total', 'Lines that the log did not take', countDroppedLines)
  const recordError: RequestRecorder['recordError'] = (surface, code) => errors.inc({ surface, code })
  return {
    recordShed: () => shed.inc(),
    record: (nameStatus) => ({
      recordError,
      recordRequest(surface, operation = 'none', { status, code }, milliseconds) {
        requests.inc({ surface, operation, status: nameStatus(status) })
        durations.observe({ surface, operation }, milliseconds / 1000)
        if (code !== undefined) recordError(surface, code)
      },
    }),
  }
}

/** Names a status for a label with a bounded number of values. */
export type StatusNames = (status: number) => string

/** Names the statuses of the document and of the error catalogue by number, and all others by class (`4xx`). */
export function createStatusNames(documented: readonly number[]): StatusNames {
  const own = Object.values(errorCatalogue).map(({ status }) => status)
  const known = new Map([...documented, ...own, clientDisconnected].map((status) => [status, String(status)]))
  return (status) => known.get(status) ?? `${Math.trunc(status / 100)}xx`
}
