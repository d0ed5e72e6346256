import { isObject } from '../../document/json.ts'
import { isLinear } from '../../document/linear-pattern.ts'
import { checkExtensions } from '../extension-checks.ts'
import type { Finding } from '../problem.ts'
import { walkParts } from './references.ts'

/** Finds the patterns that some texts could keep busy for long, each once. They are checked all the same. */
export function findSlowPatterns(document: unknown): Finding[] {
  const findings = new Map<string, Finding>()
  walkParts(document, ({ pattern, patternProperties }, path) => {
    const names = isObject(patternProperties) ? Object.keys(patternProperties) : []
    for (const one of [pattern, ...names]) {
      if (typeof one !== 'string' || findings.has(one) || isLinear(one)) continue
      findings.set(one, {
        path: one === pattern ? [...path, 'pattern'] : [...path, 'patternProperties', one],
        message: `the pattern ${one.length > 60 ? `${one.slice(0, 60)}…` : one} may take very long for some texts`,
        expected: 'one without lookaround, backreferences and repetitions over 1,000 of a group',
        severity: 'warning',
      })
    }
  })
  return [...findings.values()]
}

/** Finds the extensions of schemas that have another form. */
export function findSchemaProblems(document: unknown): Finding[] {
  const findings: Finding[] = []
  walkParts(document, (part, path) => {
    findings.push(...checkExtensions('schema', part, { path }).findings)
  })
  return findings
}
