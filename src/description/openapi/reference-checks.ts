import type { Finding, Path } from '../problem.ts'
import { isChoice, listEndlessReferences } from './endless-references.ts'
import { listReferences, type PartCheck, type Reference, replacePart, resolvePart } from './references.ts'

/**
 * Finds the references of a document that lead nowhere, or without end back to where they stand, and puts something in
 * their places that costs as little as can be: any value for a schema, any response for a response. A parameter or a
 * body that is not there stays as it is: the operations that have it are left out when they are read. Changes the
 * document.
 */
export function repairReferences(document: unknown): Finding[] {
  const references = listReferences(document)
  // Most references of a document name the same few parts.
  const targets = new Set(references.map(({ target }) => target))
  const lost = new Set([...targets].filter((target) => resolvePart(document, { $ref: target }) === undefined))
  const findings = references.flatMap(({ target, path }): Finding[] => {
    if (!lost.has(target) || isNeeded(path)) return []
    replacePart(document, path, isResponse(path) ? { description: 'Any response.' } : {})
    return [describeDangling({ target, path })]
  })
  const sound = references.filter(({ target }) => !lost.has(target))
  return [...findings, ...breakCircles(document, sound)]
}

/** Finds a dynamic reference of a schema (JSON Schema 2020-12 §8.2.3.2), in whose place any value is taken. */
export const checkDynamicReference: PartCheck = ({ $dynamicRef }, path) => {
  if (typeof $dynamicRef !== 'string') return []
  const message = `the dynamic reference ${$dynamicRef} is not followed`
  const expected = '$ref: #/components/schemas/…'
  return [{ path: [...path, '$dynamicRef'], message, expected, severity: 'omission' }]
}

/** What stands in the place of a choice is none: any value there would be a choice of its own. */
function breakCircles(document: unknown, references: readonly Reference[]): Finding[] {
  const endless = new Set(listEndlessReferences(document, references))
  if (endless.size === 0) return []
  for (const { path } of endless) replacePart(document, path, isChoice(path) ? { not: {} } : {})
  const rest = references.filter((reference) => !endless.has(reference))
  return [...[...endless].map(describeEndless), ...breakCircles(document, rest)]
}

function describeEndless({ target, path }: Reference): Finding {
  return {
    path: [...path, '$ref'],
    message: `the reference ${target} leads back to its own schema for the same value`,
    expected: 'a reference from one of its parts, such as a property',
    severity: 'omission',
  }
}

/** Makes the finding that a reference leads nowhere, or by an anchor. */
export function describeDangling({ target, path }: Reference): Finding {
  const [, fragment = ''] = target.split('#')
  const isAnchor = fragment !== '' && !fragment.startsWith('/')
  const pointed = target.startsWith('#/') ? 'the name of a component' : '#/components/…'
  return {
    path: [...path, '$ref'],
    message: `the reference ${target} ${isAnchor ? 'is not followed' : 'leads nowhere'}`,
    expected: isAnchor ? 'a pointer such as #/components/schemas/…, and no anchor' : pointed,
    severity: path.at(-2) === 'examples' ? 'warning' : 'omission',
  }
}

function isNeeded(path: Path): boolean {
  const [parent, last] = path.slice(-2)
  return parent === 'parameters' || last === 'requestBody' || parent === 'requestBodies' || parent === 'paths'
}

function isResponse(path: Path): boolean {
  return path.at(-2) === 'responses'
}
