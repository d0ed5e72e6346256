import { asRecord } from '../../src/document/json.ts'
import { escapeName, splitPointer } from '../../src/document/json-pointer.ts'
import { gatewayGroups } from './gateway-changes.ts'
import { meaningGroups } from './meaning-changes.ts'

/** Classes that change schemas, single members and single messages. */
export const formClasses = ['responses', 'document', 'behaviour'] as const

/** What the classes of form change, in words: their mutants are derived from the document and too many to be listed. */
export const formChanges: Readonly<Record<(typeof formClasses)[number], string>> = {
  responses:
    'each member of each documented response missing, renamed, null or of another type; another status; another content type',
  document:
    'each constraint looser or tighter; each operation, parameter, status and content type left out; what is required optional, and the reverse',
  behaviour:
    'each part of a request changed on its way to the API, each part of a response on its way back; each tool, its hints, schemas and results',
}

/** The classes of the mutation score: what is spoiled in form, what an API does wrong, what a gateway does wrong. */
export const mutantClasses = [...formClasses, ...meaningGroups, ...gatewayGroups] as const

/** One deliberate defect. */
export interface Mutant {
  /** Unique, so that it says which one survived. */
  readonly name: string
  readonly class: (typeof mutantClasses)[number]
  /** `METHOD /path` of the document: the operations that can notice it. Empty: all of them. */
  readonly operations: readonly string[]
  /** True when the contract allows it all the same: then the suite must let it pass, or it is brittle. */
  readonly allowed: boolean
}

/** What the suite made of a mutant. */
export interface MutantResult {
  readonly mutant: Mutant
  /** The first red line, if there was one. */
  readonly finding: string | undefined
}

/** Lists the JSON pointers (RFC 6901) of every value inside a JSON value, and the root's, which is empty. */
export function listPointers(value: unknown, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return [pointer]
  return [
    pointer,
    ...Object.entries(asRecord(value)).flatMap(([name, one]) =>
      listPointers(one, `${pointer}/${escapeName(name)}`),
    ),
  ]
}

/** Returns the value at a JSON pointer, or undefined. */
export function readPointer(value: unknown, pointer: string): unknown {
  return splitPointer(pointer).reduce<unknown>((place, name) => asRecord(place)[name], value)
}

/**
 * Returns a copy of a JSON value in which the value at a pointer is another one, or is missing where that is undefined.
 */
export function replaceAt<Value>(value: Value, pointer: string, replacement: unknown): Value {
  const copy = structuredClone(value)
  const names = splitPointer(pointer)
  const last = names.pop() ?? ''
  const parent = names.reduce<unknown>((place, name) => asRecord(place)[name], copy)
  if (typeof parent !== 'object' || parent === null) return copy
  if (Array.isArray(parent) && replacement === undefined) parent.splice(Number(last), 1)
  else if (replacement === undefined) Reflect.deleteProperty(parent, last)
  else Reflect.set(parent, last, replacement)
  return copy
}
