import { splitPointer } from '../../src/document/json-pointer.ts'

/** What a control call asks of the next responses. */
export interface Fault {
  /** Only calls of this operation; every call when left out. */
  readonly operation?: string
  /** How many calls; one when left out. */
  readonly times?: number
  /** An error of the catalogue in place of the response; nothing is done. */
  readonly error?: string
  /** Another status over the real response. */
  readonly status?: number
  /** Holds the response until a control call releases it. */
  readonly hold?: boolean
  /** Resets the connection before or after the call has had its effect. */
  readonly reset?: 'before' | 'after'
  /** Cuts the body off in the middle, under its full length. */
  readonly truncate?: boolean
  readonly contentType?: string
  /** Changes one place of the response. */
  readonly mismatch?: PlantedMismatch
}

/** A change of a response at a JSON pointer. */
export interface PlantedMismatch {
  readonly pointer: string
  readonly change: 'drop' | 'rename' | 'retype' | 'null' | 'extra'
}

/** The faults that wait for their calls. */
export interface FaultQueue {
  add(fault: Fault): void
  /** Takes the first fault that is meant for the operation. */
  take(operation: string): Fault | undefined
  clear(): void
}

/** Creates an empty queue. */
export function createFaultQueue(): FaultQueue {
  let waiting: { fault: Fault; left: number }[] = []
  return {
    add: (fault) => waiting.push({ fault, left: fault.times ?? 1 }),
    take(operation) {
      const found = waiting.find(
        ({ fault }) => fault.operation === undefined || fault.operation === operation,
      )
      if (!found) return undefined
      found.left -= 1
      waiting = waiting.filter(({ left }) => left > 0)
      return found.fault
    },
    clear: () => {
      waiting = []
    },
  }
}

/** Applies a mismatch to a response. Throws a `RangeError` when the pointer leads nowhere, so that no test misses it. */
export function applyMismatch(response: unknown, { pointer, change }: PlantedMismatch): unknown {
  const changed: unknown = structuredClone(response)
  const names = splitPointer(pointer)
  const last = names.pop() ?? ''
  const parent = names.reduce<unknown>((place, name) => Object(place)[name], changed)
  if (typeof parent !== 'object' || parent === null) throw new RangeError(`${pointer} leads nowhere`)
  const value: unknown = Reflect.get(parent, last)
  if (change !== 'extra' && value === undefined) throw new RangeError(`${pointer} leads nowhere`)
  if (change === 'drop' || change === 'rename') Reflect.deleteProperty(parent, last)
  if (change === 'rename') Reflect.set(parent, `${last}Renamed`, value)
  if (change === 'retype') Reflect.set(parent, last, typeof value === 'string' ? 7 : 'seven')
  if (change === 'null') Reflect.set(parent, last, null)
  if (change === 'extra') Reflect.set(parent, last, 'something more')
  return changed
}
