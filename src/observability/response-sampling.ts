import type { Operation } from '../document/operations.ts'
import type { Comparison, Mismatch } from '../document/response-mismatch.ts'
import type { Clock } from '../state/expiring-map.ts'
import type { ObservedResponse } from './call-observer.ts'

/** A kind of departure: the same one however often it is met. */
export interface MismatchKind {
  /** `operationId` of the document. */
  readonly operation: string
  readonly pointer: string
  readonly rule: string
}

/** Where drift is recorded. */
export interface MismatchRecorder {
  /** Told of each answer that was held against the document. */
  recordCheck(operation: string): void
  recordMismatch(kind: MismatchKind): void
}

/** What the sampling of answers depends on. */
export interface SamplingOptions {
  readonly compare: Comparison
  /** Share of the answers that are looked at, from 0 to 1. */
  readonly share: number
  readonly clock: Clock
  /** A number from 0 to 1, 1 excluded. */
  readonly random: () => number
  readonly recorder: MismatchRecorder
  /** Told of each kind once. */
  readonly onNewKind: (kind: MismatchKind) => void
  /** Told of an error that nobody foresaw: nobody waits for the check, so that it would end the process. */
  readonly onFailure: (error: unknown) => void
}

/** Answers looked at in a second at most, whatever the share. */
const mostPerSecond = 5
/** Bytes of an answer that is looked at, at most: it is parsed and checked in one go. */
const largest = 256 * 1024
/** Kinds that are told apart; the document has fewer. */
const mostKinds = 1_000

/**
 * Holds samples of successful answers against the document, after they went out: what the upstream changes shows,
 * and costs nobody an answer.
 */
export class ResponseSampler {
  readonly #options: SamplingOptions
  readonly #kinds = new Set<string>()
  #second = Number.NEGATIVE_INFINITY
  #taken = 0

  constructor(options: SamplingOptions) {
    this.#options = options
  }

  /** Looks at an answer later, or not at all. */
  observe(operation: Operation, answer: ObservedResponse): void {
    const { share, random } = this.#options
    if (share === 0 || answer.status >= 300 || answer.body.length > largest) return
    if (random() >= share || !this.#take()) return
    setImmediate(() => {
      try {
        this.#check(operation, answer)
      } catch (error) {
        this.#options.onFailure(error)
      }
    })
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
    const arrived = {
      operation: `${method} ${path}`,
      status,
      type: String(headers['content-type'] ?? ''),
      // Whole JSON, or nothing of it would have gone out.
      body: body.length === 0 ? undefined : JSON.parse(body.toString('utf8')),
    }
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

/** Each kind once an answer, though every element of a list departs in the same way. */
function listKinds(operation: string, departures: readonly Mismatch[]): MismatchKind[] {
  const kinds = new Map<string, MismatchKind>()
  for (const { place: pointer, rule } of departures)
    kinds.set(`${pointer} ${rule}`, { operation, pointer, rule })
  return [...kinds.values()]
}
