import { type ExtensionPlace, extensions, readExtensions } from '../document/extensions.ts'
import type { Finding, Path } from './problem.ts'

/** A part without the extensions whose values have another form than the gateway reads, and those as warnings. */
export interface CheckedPart {
  readonly part: Readonly<Record<string, unknown>>
  readonly findings: readonly Finding[]
}

/**
 * Checks the extensions of a part of a description. Others may use the same names for other things, so a value of
 * another form is passed over. `null` and `false` hide an operation from a server.
 */
export function checkExtensions(
  place: ExtensionPlace,
  part: Readonly<Record<string, unknown>>,
  path: Path,
): CheckedPart {
  const findings = Object.keys(extensions[place]).flatMap((name): Finding[] => {
    const value = part[name]
    if (value === undefined || value === null || value === false) return []
    try {
      readExtensions(place, { [name]: value }, name)
      return []
    } catch {
      const expected = `the form that docs/extensions.md gives for ${name}`
      return [{ path: [...path, name], message: `${name} is passed over`, expected, severity: 'warning' }]
    }
  })
  if (findings.length === 0) return { part, findings }
  const refused = new Set(findings.map((one) => one.path.at(-1)))
  return { part: Object.fromEntries(Object.entries(part).filter(([name]) => !refused.has(name))), findings }
}
