import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Operation } from '../document/operations.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import type { ErrorCode } from '../errors/gateway-error.ts'
import type { CallEnd, CallObserver, CircuitState } from './call-observer.ts'
import { callerLeft, type Ending, type RequestRecorder, type Surface } from './request-log.ts'
import type { MismatchKind, MismatchRecorder } from './response-sampling.ts'

/** What is asked for its present state whenever the metrics are. */
export interface MetricSources {
  readonly admission: { readonly active: number; readonly waiting: number; readonly shed: number }
  readonly circuit: { readonly state: CircuitState }
  /** Statuses that the document gives its answers; any other is told by its class alone. */
  readonly statuses: readonly number[]
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const circuitStates: readonly CircuitState[] = ['closed', 'half_open', 'open']

/**
 * The metrics of one gateway. Every label has a bounded number of values: they are names of the document, codes of
 * the catalogue and statuses, and nothing that a caller or an upstream writes.
 */
export class Metrics implements RequestRecorder, CallObserver, MismatchRecorder {
  /** Content type of the rendered text. */
  readonly contentType: string
  readonly #registry = new Registry()
  readonly #statuses: ReadonlyMap<number, string>
  readonly #requests = this.#count('requests_total', 'Requests and tool calls', [
    'surface',
    'operation',
    'status',
  ])
  readonly #durations = this.#time('request_duration_seconds', 'Time to answer them', [
    'surface',
    'operation',
  ])
  readonly #errors = this.#count('errors_total', "The gateway's own errors", ['surface', 'code'])
  readonly #calls = this.#count('upstream_calls_total', 'Calls of the upstream', ['operation', 'outcome'])
  readonly #callDurations = this.#time('upstream_call_duration_seconds', 'Time to answer them', ['operation'])
  readonly #retries = this.#count('upstream_retries_total', 'Further tries of calls', ['operation'])

  readonly #checks = this.#count('drift_checks_total', 'Answers held against the document', ['operation'])
  readonly #drift = this.#count('drift_total', 'Departures of answers from the document', [
    'operation',
    'pointer',
    'rule',
  ])

  constructor({ admission, circuit, statuses }: MetricSources) {
    const known = [...statuses, ...Object.values(errorCatalogue).map(({ status }) => status), callerLeft]
    this.#statuses = new Map(known.map((status) => [status, String(status)]))
    this.contentType = this.#registry.contentType
    this.#read('requests_active', 'Requests being worked on', () => admission.active)
    this.#read('requests_waiting', 'Requests that wait for a place', () => admission.waiting)
    this.#read('requests_shed_total', 'Requests turned away for want of a place', () => admission.shed)
    const gauge = new Gauge({
      name: 'calgate_circuit_state',
      help: 'State of the circuit breaker: 1 for the one it is in',
      labelNames: ['state'],
      registers: [this.#registry],
      collect: () => {
        for (const state of circuitStates) gauge.set({ state }, circuit.state === state ? 1 : 0)
      },
    })
  }

  /** Adds what the library tells of the process; it is watched from then on for as long as it lives. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry })
  }

  recordRequest(surface: Surface, operation = 'none', { status, code }: Ending, milliseconds: number): void {
    this.#requests.inc({ surface, operation, status: this.#nameStatus(status) })
    this.#durations.observe({ surface, operation }, milliseconds / 1000)
    if (code !== undefined) this.recordError(surface, code)
  }

  recordError(surface: Surface, code: ErrorCode): void {
    this.#errors.inc({ surface, code })
  }

  onEnd({ id: operation }: Operation, { status, code }: CallEnd, milliseconds: number): void {
    const outcome = status === undefined ? (code ?? 'internal_error') : this.#nameStatus(status)
    this.#calls.inc({ operation, outcome })
    this.#callDurations.observe({ operation }, milliseconds / 1000)
  }

  onRetry({ id: operation }: Operation): void {
    this.#retries.inc({ operation })
  }

  recordCheck(operation: string): void {
    this.#checks.inc({ operation })
  }

  recordMismatch({ operation, pointer, rule }: MismatchKind): void {
    this.#drift.inc({ operation, pointer, rule })
  }

  /** The metrics in the text format of Prometheus. */
  render(): Promise<string> {
    return this.#registry.metrics()
  }

  #nameStatus(status: number): string {
    return this.#statuses.get(status) ?? `${Math.trunc(status / 100)}xx`
  }

  #count<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `calgate_${name}`, help, labelNames, registers: [this.#registry] })
  }

  #time<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
    const registers = [this.#registry]
    return new Histogram({ name: `calgate_${name}`, help, labelNames, buckets: seconds, registers })
  }

  /** Reads a figure at the moment it is asked for; one that only grows is a counter by its name. */
  #read(name: string, help: string, read: () => number): void {
    const options = { name: `calgate_${name}`, help, registers: [this.#registry] }
    if (name.endsWith('_total')) {
      const counter: Counter = new Counter({
        ...options,
        collect() {
          counter.reset()
          counter.inc(read())
        },
      })
    } else {
      const gauge: Gauge = new Gauge({ ...options, collect: () => gauge.set(read()) })
    }
  }
}
