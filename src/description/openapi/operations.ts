import { asRecord } from '../../document/json.ts'
import { identifyParameter, isFramingHeader } from '../../document/parameters.ts'
import { listPathVariables, splitPathKey } from '../../document/path-template.ts'
import type { DescribedOperation, Description } from '../description.ts'
import { checkExtensions } from '../extension-checks.ts'
import { eraseNames } from '../identity.ts'
import type { Finding, Path } from '../problem.ts'
import { type PlacedParameter, readUpstreamPath } from '../upstream-path.ts'
import { collectParameters } from './parameters.ts'
import { listPathOperations, type PathOperation } from './path-items.ts'
import { findHeaderScheme, findUnknownSchemes, listSchemePlaces, readSecurity } from './security.ts'

type Part = Readonly<Record<string, unknown>>

/** Headers that are no parameters, whatever a document says of them (OpenAPI 3.1.1 §4.8.12.2). */
const reserved = new Set(['accept', 'content-type', 'authorization'])

/** An operation, where it stands in the document. */
export type PlacedOperation = Omit<DescribedOperation, 'findPosition'> & { readonly path: Path }

/**
 * Reads the operations of an OpenAPI 3.1 document. Each gets everything that is said of it elsewhere (path item,
 * document), parameters for path variables that nothing declares, and security that is defined. What cannot be served
 * is a finding and left out; a finding that costs nothing is a warning. Credentials of an OpenAPI document are security
 * schemes and no parameters; a capability may bind them as parameters, and may have two operations of one shape.
 */
export function readPathOperations(
  document: Part,
  kind: Description['kind'],
): {
  readonly operations: readonly PlacedOperation[]
  readonly findings: readonly Finding[]
} {
  const { operations: listed, findings } = listPathOperations(document)
  const all = [...findings]
  if (listed.some(({ operation }) => operation.security === undefined))
    all.push(...findUnknownSchemes(document, document.security, ['security']))
  const shapes = new Map<string, PathOperation>()
  const operations = listed.flatMap((one): PlacedOperation[] => {
    const { name } = one
    const extended = checkExtensions('operation', one.operation, { path: one.path, operation: name })
    const parameters = collectParameters(document, one)
    all.push(...extended.findings, ...parameters.findings)
    if (!parameters.declared || !extended.isUsable) return []
    const { key, parameters: placed } = readUpstreamPath(one.spelled, parameters.declared)
    const earlier = shapes.get(toShape(one.method, key))
    if (earlier && kind === 'openapi') {
      const message = `${name} is left out: it has the shape of ${earlier.spelled}`
      all.push({ path: one.path, message, expected: 'one of the two', severity: 'omission' })
      return []
    }
    shapes.set(toShape(one.method, key), one)
    const variables = listPathVariables(splitPathKey(key).path)
    const security = readSecurity(document, one)
    all.push(...security.findings)
    const alternatives =
      security.alternatives ?? (kind === 'openapi' ? findHeaderScheme(parameters.declared) : undefined)
    const credentials = kind === 'openapi' ? listSchemePlaces(document, alternatives) : new Set()
    const isLost = ({ in: place, name }: PlacedParameter) => place === 'path' && !variables.includes(name)
    if (kind === 'openapi')
      all.push(...placed.filter(isLost).map(({ name }) => describeLost(one, name, variables)))
    all.push(...placed.filter(isFramingHeader).map(({ name }) => describeFraming(one, name)))
    const kept = placed.filter(
      (parameter) =>
        !isLost(parameter) &&
        !(kind === 'openapi' && isReserved(parameter)) &&
        !credentials.has(identifyParameter(parameter)),
    )
    const { callbacks, ...operation } = extended.part
    if (Object.keys(asRecord(callbacks)).length > 0)
      all.push(describePastGateway([...one.path, 'callbacks'], `${name} is served without its callbacks`))
    return [
      {
        key,
        method: one.method,
        path: one.path,
        operation: {
          ...operation,
          parameters: kept.map(toParameterObject),
          ...(alternatives && { security: alternatives }),
        },
      },
    ]
  })
  return { operations, findings: all }
}

/** Makes the finding that a document describes requests which the API sends. */
export function describePastGateway(path: Path, message: string): Finding {
  return { path, message, expected: 'none: the API sends them itself, past the gateway', severity: 'warning' }
}

function describeLost(
  { name: operation, path }: PathOperation,
  name: string,
  variables: readonly string[],
): Finding {
  return {
    path,
    message: `${operation} has no variable {${name}} for its path parameter "${name}"`,
    expected: variables.length > 0 ? `one of ${variables.join(', ')}` : `{${name}} in the path`,
    severity: 'warning',
  }
}

function describeFraming({ name: operation, path }: PathOperation, name: string): Finding {
  return {
    path,
    message: `${operation} is served without its header parameter "${name}"`,
    expected: 'none that belongs to one message: each server writes its own',
    severity: 'warning',
  }
}

function isReserved(parameter: PlacedParameter): boolean {
  const { in: place, name } = parameter
  return (place === 'header' && reserved.has(name.toLowerCase())) || isFramingHeader(parameter)
}

function toShape(method: string, key: string): string {
  return `${method} ${eraseNames(key)}`
}

/** A path variable that nothing declares is a required text; a path parameter is always required. */
function toParameterObject(parameter: PlacedParameter): object {
  const part = asRecord(parameter)
  const hasForm = part.schema !== undefined || part.content !== undefined
  return {
    ...part,
    ...(!hasForm && { schema: { type: 'string' } }),
    ...(parameter.in === 'path' && { required: true }),
  }
}
