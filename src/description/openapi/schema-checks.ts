import { holds, parseExactly } from '../../document/exact-numbers.ts'
import { isObject, listMembers } from '../../document/json.ts'
import { isInexact } from '../../document/large-integers.ts'
import { isLinear } from '../../document/linear-pattern.ts'
import { repairPattern } from '../../document/schema-pattern.ts'
import { shorten } from '../../document/single-line.ts'
import { checkExtensions } from '../extension-checks.ts'
import type { Finding, Path } from '../problem.ts'
import { type PartCheck, walkParts } from './references.ts'

/**
 * Creates a check that finds the patterns that are none, and those that some texts could keep busy for long, which are
 * checked; each once.
 */
export function createPatternCheck(): PartCheck {
  const seen = new Set<string>()
  return ({ pattern, patternProperties }, path) => {
    const names = isObject(patternProperties) ? Object.keys(patternProperties) : []
    return [pattern, ...names].flatMap((one): Finding[] => {
      if (typeof one !== 'string' || seen.has(one)) return []
      seen.add(one)
      const repaired = repairPattern(one)
      if (repaired !== undefined && isLinear(repaired)) return []
      const place = one === pattern ? [...path, 'pattern'] : [...path, 'patternProperties', one]
      return [describePattern(one, place, repaired)]
    })
  }
}

function describePattern(pattern: string, path: Path, repaired: string | undefined): Finding {
  const name = `the pattern ${shorten(pattern, 60)}`
  return {
    path,
    severity: 'warning',
    ...(repaired === undefined
      ? { message: `${name} is not checked`, expected: 'a regular expression of JavaScript' }
      : {
          message: `${name} may take very long for some texts`,
          expected: 'one without lookaround, backreferences and repetitions over 1,000 of a group',
        }),
  }
}

/** Keywords whose values clients are told, or must send. Bounds that are rounded, as those of 64 bits are, change nothing. */
const constants = ['enum', 'const', 'default', 'example', 'examples']

/**
 * Finds the whole numbers of constants, defaults and examples that JavaScript has rounded: clients are told others than
 * the file has.
 */
export function findRoundedNumbers(document: unknown, textOf: (path: Path) => string): Finding[] {
  const findings: Finding[] = []
  const visit = (value: unknown, path: Path) => {
    if (typeof value === 'number') findings.push(...checkNumber(value, path, textOf))
    else for (const [name, one] of listMembers(value)) visit(one, [...path, name])
  }
  walkParts(document, (part, path) => {
    for (const keyword of constants)
      if (holds(part[keyword], isInexact)) visit(part[keyword], [...path, keyword])
  })
  return findings
}

function checkNumber(value: number, path: Path, textOf: (path: Path) => string): Finding[] {
  const written = isInexact(value) ? textOf(path) : ''
  if (!/^-?[1-9]\d*$/.test(written) || !JSON.isRawJSON(parseExactly(written))) return []
  return [
    {
      path,
      message: `the number ${written} is read as ${value}, since it is beyond 9007199254740991`,
      expected: 'a smaller whole number, or a text',
      severity: 'warning',
    },
  ]
}

/** Finds the extensions of a schema that have another form. */
export const checkSchemaExtensions: PartCheck = (part, path) =>
  checkExtensions('schema', part, { path }).findings
