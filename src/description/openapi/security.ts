import { asRecord, isObject } from '../../document/json.ts'
import { identifyParameter } from '../../document/parameters.ts'
import { checkExtensions } from '../extension-checks.ts'
import type { Finding, Path } from '../problem.ts'
import type { ParameterPart } from './parameters.ts'
import type { PathOperation } from './path-items.ts'
import { resolvePart } from './references.ts'

type Part = Readonly<Record<string, unknown>>

/** Reads the security of an operation: the alternatives whose schemes are all defined. */
export function readSecurity(
  document: Part,
  { operation, path }: PathOperation,
): { readonly alternatives?: readonly unknown[]; readonly findings: readonly Finding[] } {
  const listed = operation.security ?? document.security
  if (listed === undefined) return { findings: [] }
  const alternatives = [listed].flat().filter((one) => findUnknown(document, one) === undefined)
  return { alternatives, findings: findUnknownSchemes(document, operation.security, [...path, 'security']) }
}

/** Finds the alternatives of some security that name schemes which the document does not define. */
export function findUnknownSchemes(document: Part, security: unknown, path: Path): Finding[] {
  const expected = Object.keys(readSchemes(document)).join(', ') || 'a scheme in components.securitySchemes'
  return [security ?? []].flat().flatMap((alternative): Finding[] => {
    const unknown = findUnknown(document, alternative)
    const message = `the security scheme "${unknown}" is not defined`
    return unknown === undefined ? [] : [{ path, message, expected, severity: 'warning' }]
  })
}

function findUnknown(document: Part, alternative: unknown): string | undefined {
  const schemes = readSchemes(document)
  return Object.keys(asRecord(alternative)).find((name) => !isObject(resolvePart(document, schemes[name])))
}

function readSchemes({ components }: Part): Part {
  return asRecord(isObject(components) ? components.securitySchemes : undefined)
}

/** Name of the scheme for an `Authorization` header that a document describes as a parameter. */
const headerScheme = 'authorization'

/**
 * Returns the security of an operation that has none but describes its `Authorization` header as a parameter, which
 * OpenAPI says shall be ignored (3.1.1 §4.8.12.2): the header is a credential, and optional where the parameter is.
 */
export function findHeaderScheme(parameters: readonly ParameterPart[]): readonly unknown[] | undefined {
  const header = parameters.find((one) => one.in === 'header' && /^authorization$/i.test(one.name))
  if (!header) return undefined
  return [{ [headerScheme]: [] }, ...(header.required === true ? [] : [{}])]
}

/**
 * Completes the components of a document: security schemes stand in the place of references to them, and the scheme of
 * `Authorization` headers is added where it is not there.
 */
export function completeSchemes(document: Part): Part {
  const described = Object.entries(readSchemes(document)).map(([name, part]): [string, unknown] => [
    name,
    resolvePart(document, part),
  ])
  const scheme = { type: 'apiKey', in: 'header', name: 'Authorization' }
  const securitySchemes = { [headerScheme]: scheme, ...Object.fromEntries(described) }
  return { ...asRecord(document.components), securitySchemes }
}

/** Finds the security schemes that put a credential nowhere, and extensions that have another form, where they stand. */
export function findSchemeProblems(document: Part): Finding[] {
  return Object.entries(readSchemes(document)).flatMap(([name, part]): Finding[] => {
    if (/^#\/components\/securitySchemes\/[^/]*$/.test(String(asRecord(part).$ref))) return []
    const path = ['components', 'securitySchemes', name]
    const owner = { path, part: `the security scheme "${name}"` }
    const scheme = resolvePart(document, part)
    const { findings } = checkExtensions('securityScheme', asRecord(scheme), owner)
    if (!isObject(scheme) || isSent(scheme)) return [...findings]
    const message = `the security scheme "${name}" puts no credential into a request`
    return [...findings, { path, message, expected: expectedScheme, severity: 'warning' }]
  })
}

const expectedScheme = 'http, oauth2, openIdConnect, or an apiKey with a name in header, query or cookie'

/** Returns whether a credential stands in the request; that of `mutualTLS` is a part of the connection. */
function isSent({ type, in: place, name }: Part): boolean {
  if (type === 'apiKey')
    return typeof name === 'string' && ['header', 'query', 'cookie'].includes(String(place))
  return type === 'http' || type === 'oauth2' || type === 'openIdConnect'
}

/** Lists the places in a request that the schemes of some alternatives fill, as `header x-api-key`. */
export function listSchemePlaces(document: Part, alternatives: readonly unknown[] = []): ReadonlySet<string> {
  const schemes = readSchemes(document)
  return new Set(
    alternatives
      .flatMap((alternative) => Object.keys(asRecord(alternative)))
      .map((name) => {
        const { type, in: place, name: key } = asRecord(resolvePart(document, schemes[name]))
        return identifyParameter(
          type === 'apiKey' ? { in: place, name: key } : { in: 'header', name: 'Authorization' },
        )
      }),
  )
}
