import { type OpenApiDocument, resolveReference } from './document.ts'
import { asRecord } from './json.ts'
import { foldTemplate, listPathVariables, matchVariables } from './path-template.ts'

interface Exposure {
  readonly path: string
  readonly key: string
  readonly method: string
  readonly operation: Readonly<Record<string, unknown>>
  /** True for a method that OpenAPI 3.1 has no name for. */
  readonly isAdditional: boolean
}

/**
 * Rewrites a document for clients of the REST server: paths as they are exposed (`x-rest-path`), and this server in
 * place of the API's, without what only the API is told. Where each exposed path is the document's own behind one
 * prefix, the prefix is the server.
 */
export function exposePaths(document: OpenApiDocument): OpenApiDocument {
  const exposures = listExposures(document)
  const prefix = findPrefix(exposures)
  const paths: Record<string, Record<string, unknown>> = {}
  for (const exposure of exposures) {
    const { path, operation } = prefix === undefined ? rename(document, exposure) : keep(exposure)
    const { servers: _servers, 'x-base-url': _baseUrl, 'x-constant-headers': _headers, ...rest } = operation
    const item = paths[path] ?? {}
    const { method } = exposure
    paths[path] = exposure.isAdditional
      ? { ...item, additionalOperations: { ...asRecord(item.additionalOperations), [method]: rest } }
      : { ...item, [method]: rest }
  }
  const { 'x-base-url': _baseUrl, ...rest } = document
  return { ...rest, servers: [{ url: prefix || '/' }], paths }
}

function listExposures(document: OpenApiDocument): Exposure[] {
  return Object.entries(document.paths).flatMap(([key, item]) => {
    const { additionalOperations, ...operations } = item
    const toExposure = (isAdditional: boolean, [method, one]: [string, unknown]): Exposure => {
      const operation = asRecord(one)
      return { path: String(operation['x-rest-path'] ?? key), key, method, operation, isAdditional }
    }
    return [
      ...Object.entries(operations).map((entry) => toExposure(false, entry)),
      ...Object.entries(asRecord(additionalOperations)).map((entry) => toExposure(true, entry)),
    ].filter(({ operation }) => operation['x-rest-path'] !== false)
  })
}

/** Finds what stands before the document's own path in all exposed paths; undefined where they differ otherwise. */
function findPrefix(exposures: readonly Exposure[]): string | undefined {
  const prefixes = exposures.map(({ path, key }) => {
    const [folded, own] = [foldTemplate(path), foldTemplate(key)]
    const variables = listPathVariables(key)
    const { names } = matchVariables(path, variables)
    const isInOrder = listPathVariables(path).every((one, index) => names.get(one) === variables[index])
    return isInOrder && folded.endsWith(own) ? folded.slice(0, folded.length - own.length) : undefined
  })
  return prefixes.every((one) => one === prefixes[0]) ? prefixes[0] : undefined
}

function keep({ key, operation }: Exposure): Pick<Exposure, 'path' | 'operation'> {
  return { path: key, operation }
}

/** Names the variables of an exposed path as its parameters are; one that the path lost is a query parameter. */
function rename(
  document: OpenApiDocument,
  { path, operation }: Exposure,
): Pick<Exposure, 'path' | 'operation'> {
  const parameters = [operation.parameters ?? []].flat().map((one) => resolveReference(document, one))
  const names = parameters.map(asRecord).flatMap((one) => (one.in === 'path' ? [String(one.name)] : []))
  const match = matchVariables(path, names)
  const isLost = (one: unknown) => match.lost.includes(String(asRecord(one).name))
  const inQuery = parameters.map(asRecord).filter((one) => one.in === 'query')
  const toExposed = (one: unknown) => {
    const { name, in: place } = asRecord(one)
    if (!isLost(one)) return [one]
    // A query parameter of the same name has the value, too.
    if (place === 'query') return [{ ...asRecord(one), required: true }]
    if (place !== 'path') return [one]
    return inQuery.some((other) => other.name === name)
      ? []
      : [{ ...asRecord(one), in: 'query', style: 'form' }]
  }
  return {
    path: path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => `{${match.names.get(name) ?? name}}`),
    operation: { ...operation, parameters: parameters.flatMap(toExposed) },
  }
}
