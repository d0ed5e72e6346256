import type { ErrorObject } from 'ajv'
import type { Finding, Path } from './problem.ts'

/** Turns Ajv's errors (made with `allErrors` and `verbose`) about the form of a source file into findings. */
export function toFindings(errors: readonly ErrorObject[]): Finding[] {
  return errors
    .filter(({ keyword }) => keyword !== 'if')
    .map(({ instancePath, keyword, params, message = '', data }) => {
      const path = instancePath.split('/').slice(1).map(readSegment)
      if (keyword === 'required')
        return {
          path: [...path, params.missingProperty],
          message: `the key "${params.missingProperty}" is missing`,
          expected: 'the key with a value',
        }
      const allowed = params.allowedValues ?? params.allowedValue
      const expected = allowed === undefined ? message : `one of ${[allowed].flat().join(', ')}`
      return { path, message: `${describePlace(path)} is ${describeValue(data)}`, expected }
    })
}

function readSegment(segment: string): string | number {
  return /^\d+$/.test(segment) ? Number(segment) : segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

function describePlace(path: Path): string {
  return path.length === 0 ? 'the file' : path.join('.')
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'a map' : JSON.stringify(value)
}
