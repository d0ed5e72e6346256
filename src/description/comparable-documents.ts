import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import { mapValues } from '../document/json-schema.ts'
import { identifyParameter } from '../document/parameters.ts'
import { listOperations, methods } from '../document/responses.ts'
import type { Direction } from '../document/schema-reader.ts'
import { coverMediaTypes, toComparableOperation, toComparablePart } from './comparable-operations.ts'
import { toComparableSchema } from './comparable-schemas.ts'
import { eraseNames } from './identity.ts'
import { ratedExtensions } from './tool-changes.ts'

/**
 * Writes two documents as Redocly compares all of them: of one version of OpenAPI, what says the same in one way, an
 * operation of a further method as POST of a path of its own, and none with the extensions that are rated here.
 * Operations have the parameters of their path. References are written out already.
 */
export function toComparable(
  old: OpenApiDocument,
  next: OpenApiDocument,
): readonly [OpenApiDocument, OpenApiDocument] {
  const keys = new Map<string, string>()
  const [paths, nextPaths] = [movePaths(old, keys), movePaths(next, keys)]
  // Redocly takes a path that is not there for one with a similar name.
  const moved = Object.fromEntries([...keys.values()].map((key) => [key, {}]))
  const write = (document: OpenApiDocument, all: object) => ({
    ...document,
    ...asRecord(toComparablePart({ servers: document.servers ?? [{ url: '/' }] })),
    ...(document.components !== undefined && { components: writeComponents(document.components) }),
    // Of a 3.0 document Redocly passes over keywords that the gateway checks values by.
    openapi: '3.2.0',
    paths: { ...moved, ...all },
  })
  const items = new Map(Object.entries(paths).map(([path, item]) => [eraseNames(path), item]))
  const covered = mapValues(nextPaths, (item, path) =>
    mapValues(asRecord(item), (part, method) =>
      coverMediaTypes(part, asRecord(items.get(eraseNames(path)))[method]),
    ),
  )
  return [write(old, paths), write(next, covered)]
}

/** Writes what references of operations still lead to, and the security schemes: a header's name has no case. */
function writeComponents(components: unknown): object {
  return mapValues(asRecord(components), (parts, group) =>
    mapValues(asRecord(parts), (part) => {
      if (group === 'schemas') return toComparableSchema(part)
      const { name, ...written } = asRecord(toComparablePart(part, findDirection(group)))
      if (name === undefined) return written
      const hasCase = group !== 'securitySchemes' || written.in !== 'header'
      return { name: hasCase ? name : String(name).toLowerCase(), ...written }
    }),
  )
}

function findDirection(group: string): Direction {
  return group === 'parameters' || group === 'requestBodies' ? 'request' : 'response'
}

/** Names the operations in a text as the documents do, those that Redocly knows as POST of a path of their own. */
export function nameMoved(text: string): string {
  return text.replace(/POST \/(\S+ \/)/, '$1')
}

/** Fills in the paths of their own that operations get: the names of path variables make no other path. */
function movePaths(document: OpenApiDocument, keys: Map<string, string>): OpenApiDocument['paths'] {
  const paths: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const [path, item] of Object.entries(document.paths)) {
    const { parameters: _parameters, query: _query, additionalOperations: _operations, ...rest } = item
    if (Object.keys(rest).length > 0) paths[path] = rest
    else keys.set(path, path)
  }
  for (const { method, path, part, shared } of listOperations(document)) {
    const own = Object.entries(asRecord(part)).filter(([name]) => !ratedExtensions.includes(name))
    const parameters = joinParameters(asRecord(part).parameters, shared)
    const operation = toComparableOperation({ ...Object.fromEntries(own), parameters })
    if (method !== 'QUERY' && methods.includes(method.toLowerCase()))
      paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
    else {
      const shape = `${method} ${eraseNames(path)}`
      const key = keys.get(shape) ?? `/${method} ${path}`
      keys.set(shape, key)
      paths[key] = { post: operation }
    }
  }
  return paths
}

/** Adds to the parameters of an operation those of its path that it does not have. */
function joinParameters(own: unknown, shared: unknown): unknown[] {
  const all = [shared ?? [], own ?? []].flat(2)
  return [...new Map(all.map((part) => [identifyParameter(asRecord(part)), part])).values()]
}
