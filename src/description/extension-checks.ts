import { type ExtensionPlace, extensions, readExtensions } from '../document/extensions.ts'
import type { Finding, Path } from './problem.ts'

/** A part of a description without the extensions that are passed over. */
export interface CheckedPart {
  readonly part: Readonly<Record<string, unknown>>
  readonly findings: readonly Finding[]
  /** False where an extension is unusable that the part cannot be served without. */
  readonly isUsable: boolean
}

/** Where a part stands. */
export interface PartOwner {
  readonly path: Path
  /** What the part is called, `the security scheme "key"`; empty for the document. */
  readonly part?: string
  /** The operation, `GET /users`, that is left out where the part is unusable; otherwise nothing is served. */
  readonly operation?: string
}

/** Extensions of words and hints alone. Descriptions of others use these names for other things. */
const dispensable = new Set([
  ...['x-name', 'x-title', 'x-recovery', 'x-redacted-notice', 'x-export', 'x-retry-after-header'],
])

/** Extensions by which a description hides an operation from a server, for which it may say `null`. */
const hiding = new Set(['x-rest-path', 'x-mcp-tool'])

/**
 * Checks the extensions of a part of a description. A value of another form is passed over where it says words and hints
 * alone; without any other extension, more would be served than the description says, or otherwise.
 */
export function checkExtensions(
  place: ExtensionPlace,
  part: Readonly<Record<string, unknown>>,
  { path, part: called, operation }: PartOwner,
): CheckedPart {
  const refused = Object.keys(extensions[place]).filter((name) => !isReadable(place, name, part[name]))
  if (refused.length === 0) return { part, findings: [], isUsable: true }
  const findings = refused.map((name): Finding => {
    const found = { path: [...path, name], expected: `the form that docs/extensions.md gives for ${name}` }
    if (dispensable.has(name)) return { ...found, message: `${name} is passed over`, severity: 'warning' }
    const message = `${called === undefined ? name : `${name} of ${called}`} has another form`
    return operation === undefined
      ? { ...found, message, severity: 'error' }
      : { ...found, message: `${operation} is left out: ${message}`, severity: 'omission' }
  })
  const kept = Object.entries(part).filter(([name]) => !refused.includes(name))
  return {
    part: Object.fromEntries(kept),
    findings,
    isUsable: refused.every((name) => dispensable.has(name)),
  }
}

function isReadable(place: ExtensionPlace, name: string, value: unknown): boolean {
  if (value === undefined || (value === null && hiding.has(name))) return true
  try {
    readExtensions(place, { [name]: value }, name)
    return true
  } catch {
    return false
  }
}
