import { isObject } from '../document/json.ts'
import { joinLocation, mostViolations } from '../document/violations.ts'
import type { Violation } from '../errors/gateway-error.ts'

/**
 * Lists the numbers in arguments that would not reach the API as they were written. The parser has left them as raw
 * JSON (`parseExactly`).
 */
export function findInexactNumbers(values: Readonly<Record<string, unknown>>): Violation[] {
  const violations: Violation[] = []
  const visit = (value: unknown, location: string) => {
    if (JSON.isRawJSON(value))
      violations.push({
        location,
        rule: 'number',
        message: 'has more digits than are kept: give it as a string',
      })
    else if (Array.isArray(value))
      for (const [index, one] of value.entries()) visit(one, joinLocation(location, `${index}`))
    else if (isObject(value)) for (const name in value) visit(value[name], joinLocation(location, name))
  }
  visit(values, '')
  return violations.slice(0, mostViolations)
}
