import { decodeJson, isJsonType } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import type { Comparison, Mismatch } from '../document/response-mismatch.ts'
import type { Clock } from '../state/expiring-map.ts'

/** A complete response of the API, as far as it is observed. */
export interface ObservedResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** A kind of mismatch: the same one however often it occurs. */
export interface MismatchKind {
  /** `operationId` of the document. */
  readonly operation: string
  readonly pointer: string
  readonly rule: string
}

/** Records mismatches. */
export interface MismatchRecorder {
  /** Called for each response that was compared with the document. */
  recordCheck(operation: string): void
  recordMismatch(kind: MismatchKind): void
}

/** What response sampling depends on. */
export interface SamplingOptions {
  readonly compare: Comparison
  /** Share of the responses that are sampled, from 0 to 1. */
  readonly share: number
  readonly clock: Clock
  /** Returns a number from 0 to 1, 1 excluded. */
  readonly random: () => number
  readonly recorder: MismatchRecorder
  /** Called once for each kind. */
  readonly onNewKind: (kind: MismatchKind) => void
  /** Called with an unexpected error; nobody awaits the check, so that it would end the process. */
  readonly onFailure: (error: unknown) => void
}

/** Most responses sampled in a second, whatever the share. */
const mostPerSecond = 5
/** Largest response that is sampled, in bytes: it is parsed and checked in one event-loop tick. */
const largest = 256 * 1024
/** Most kinds that are logged. */
const mostKinds = 1_000

/**
 * Compares samples of responses that are no errors with the document after they were sent, so that a change of the upstream
 * is reported and fails no call.
 */
export class ResponseSampler {
  readonly #options: SamplingOptions
  readonly #kinds = new Set<string>()
  #second = Number.NEGATIVE_INFINITY
  #taken = 0

  constructor(options: SamplingOptions) {
    this.#options = options
  }

  /** Samples a response in the second event-loop tick from now, or not at all: responses are written at the end of this one. */
  observe(operation: Operation, response: ObservedResponse): void {
    const { share, random } = this.#options
    if (response.status >= 400 || response.body.length > largest) return
    if (random() >= share || !this.#take()) return
    // The batch that the response is written with has an immediate of its own, which may be set after this one.
    setImmediate(() => setImmediate(() => this.#tryCheck(operation, response)))
  }

  #tryCheck(operation: Operation, response: ObservedResponse): void {
    try {
      this.#check(operation, response)
    } catch (error) {
      this.#options.onFailure(error)
    }
  }

  #take(): boolean {
    const now = this.#options.clock()
    if (now - this.#second >= 1_000) {
      this.#second = now
      this.#taken = 0
    }
    this.#taken += 1
    return this.#taken <= mostPerSecond
  }

  #check({ id, method, path }: Operation, { status, headers, body }: ObservedResponse): void {
    const { compare, recorder } = this.#options
    const type = String(headers['content-type'] ?? '')
    const hasJson = body.length > 0 && isJsonType(type)
    // It was checked to be one JSON text before it was sent.
    const value: unknown = hasJson ? JSON.parse(decodeJson(body)) : undefined
    const arrived = { operation: `${method} ${path}`, status, type, body: value }
    recorder.recordCheck(id)
    for (const one of listKinds(id, compare(arrived))) {
      recorder.recordMismatch(one)
      this.#tell(one)
    }
  }

  #tell(kind: MismatchKind): void {
    const name = `${kind.operation} ${kind.pointer} ${kind.rule}`
    if (this.#kinds.has(name) || this.#kinds.size >= mostKinds) return
    this.#kinds.add(name)
    this.#options.onNewKind(kind)
  }
}

/** Lists each kind once a response, though every element of a list has the same mismatch. */
function listKinds(operation: string, mismatches: readonly Mismatch[]): MismatchKind[] {
  const kinds = new Map<string, MismatchKind>()
  for (const { place: pointer, rule } of mismatches)
    kinds.set(`${pointer} ${rule}`, { operation, pointer, rule })
  return [...kinds.values()]
}
