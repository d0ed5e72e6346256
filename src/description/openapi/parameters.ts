import { asRecord, isObject, readOwn } from '../../document/json.ts'
import { identifyParameter, isPlace, styles } from '../../document/parameters.ts'
import { checkExtensions } from '../extension-checks.ts'
import type { Finding, Path } from '../problem.ts'
import type { PathOperation } from './path-items.ts'
import { describeDangling } from './reference-checks.ts'
import { resolveDescribed, resolvePart } from './references.ts'

/** A Parameter Object as far as it can be relied on. */
export interface ParameterPart {
  readonly [member: string]: unknown
  readonly name: string
  readonly in: string
}

const places = new Set(['path', 'query', 'header', 'cookie', 'querystring'])

/**
 * Reads the parameters of an operation with their references followed. Nothing is declared, and the operation cannot be
 * served, where one of them or the body leads nowhere: a request without it may mean something else.
 */
export function collectParameters(
  document: unknown,
  { name, operation, path }: PathOperation,
): { readonly declared?: readonly ParameterPart[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const leaveOut = ({ message, severity = 'omission', ...finding }: Finding) => ({
    findings: [{ ...finding, message: `${name} is left out: ${message}`, severity }],
  })
  const seen = new Set<string>()
  const parts = [operation.parameters ?? []].flat()
  const declared: ParameterPart[] = []
  for (const [index, part] of parts.entries()) {
    const place = [...path, 'parameters', index]
    const $ref = readOwn(part, '$ref')
    const found = resolveDescribed(document, part)
    if (typeof $ref === 'string' && found === undefined)
      return leaveOut(describeDangling({ target: $ref, path: place }))
    if (!isParameter(found) || !places.has(found.in)) {
      const message = `parameter ${index + 1} has no name or no place that is known`
      return leaveOut({ path: place, message, expected: `one in ${[...places].join(', ')}` })
    }
    const owner = { path: place, part: `the ${found.in} parameter "${found.name}"`, operation: name }
    const extended = checkExtensions('parameter', found, owner)
    if (!extended.isUsable) return { findings: extended.findings }
    findings.push(...findUnwritten(found, place, `the ${found.in} parameter "${found.name}" of ${name}`))
    const identity = identifyParameter(found)
    if (seen.has(identity))
      findings.push({
        path: place,
        message: `the ${found.in} parameter "${found.name}" of ${name} stands twice`,
        expected: 'it once',
        severity: 'warning',
      })
    else declared.push(found)
    seen.add(identity)
  }
  const body = asRecord(operation.requestBody).$ref
  if (typeof body === 'string' && resolvePart(document, operation.requestBody) === undefined)
    return leaveOut(describeDangling({ target: body, path: [...path, 'requestBody'] }))
  return { declared, findings }
}

/** Finds what a parameter says of its text that is not done. */
function findUnwritten({ in: place, style, content }: ParameterPart, path: Path, name: string): Finding[] {
  const known: readonly string[] = isPlace(place) ? styles[place] : []
  const types = Object.keys(asRecord(content))
  const warn = (message: string, expected: string): Finding[] => [
    { path, message: `${name} is ${message}`, expected, severity: 'warning' },
  ]
  if (types.length > 1) return warn(`written in ${types[0]} alone`, 'one media type')
  if (typeof style !== 'string' || known.includes(style) || types.length > 0) return []
  return warn(`not written in style ${style}`, `one of ${known.join(', ')}`)
}

function isParameter(part: unknown): part is ParameterPart {
  return isObject(part) && typeof part.name === 'string' && part.name !== '' && typeof part.in === 'string'
}
