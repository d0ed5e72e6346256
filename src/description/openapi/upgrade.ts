import { upgrade } from '@scalar/openapi-upgrader'
import { asRecord, isObject } from '../../document/json.ts'
import { escapeName, splitFragment } from '../../document/json-pointer.ts'
import type { JsonSchema } from '../../document/json-schema.ts'
import { allowNull } from '../../document/nullable.ts'
import type { Finding, Path } from '../problem.ts'
import { listReferences, resolvePart, walkParts } from './references.ts'
import { walkSchemas } from './schema-places.ts'
import { prepareSwagger, requireForms } from './swagger.ts'

/** A document as OpenAPI 3.1, which is changed in place from here on, and what upgrading it has cost. */
export interface UpgradedDocument {
  readonly document: Record<string, unknown>
  readonly findings: readonly Finding[]
}

/** Gives the version of an OpenAPI document that can be read: `2.0`, `3.0`, `3.1` or `3.2`. */
export function readOpenApiVersion(document: unknown): string | undefined {
  const { swagger, openapi } = asRecord(document)
  const [, version] = /^(2\.0|3\.[0-2])(?:\.|$)/.exec(String(swagger ?? openapi)) ?? []
  return version
}

/**
 * Upgrades an OpenAPI 2.0 or 3.0 document to 3.1; the methods and places of 3.2 are kept as they stand. Where the
 * upgrader fails, it is given the paths one by one, so that one of them costs itself alone. The source may be changed
 * by it.
 */
export function upgradeDocument(source: object): UpgradedDocument {
  const version = readOpenApiVersion(source)
  if (version === '2.0' || version === '3.0') removeSiblings(source)
  // The upgrader leaves other choices beside that of null, or writes over them.
  if (version === '3.0') writeNulls(source, ({ type, allOf }) => type === undefined && Array.isArray(allOf))
  const formats = version === '2.0' ? prepareSwagger(source) : []
  const { document, findings } = upgradeParts(source)
  if (version === '2.0') requireForms(document)
  if (version === '3.2') placeMediaTypes(document)
  writeNulls(document)
  return { document, findings: [...formats, ...findings] }
}

/** What may stand beside a reference before OpenAPI 3.1: what is said of a value without narrowing it. */
const siblings = new Set([
  ...['$ref', 'title', 'summary', 'description', 'default', 'example', 'deprecated'],
  ...['nullable', 'readOnly', 'writeOnly'],
])

/** Before OpenAPI 3.1 what stands beside a reference is ignored (3.0.4, Reference Object), but in a Path Item Object. */
function removeSiblings(source: object): void {
  walkParts(source, (part, path) => {
    if (typeof part.$ref !== 'string' || (path.at(-2) === 'paths' && `${path.at(-1)}`.startsWith('/'))) return
    for (const name of Object.keys(part))
      if (!siblings.has(name) && !name.startsWith('x-')) Reflect.deleteProperty(part, name)
  })
}

/**
 * Writes `nullable` as OpenAPI 3.1 does, where it is checked as well: programs that know 3.1 alone would refuse null. A
 * schema stays as it is where a reference leads to a part of it, which would stand elsewhere.
 */
function writeNulls(document: object, isMeant: (schema: JsonSchema) => boolean = () => true): void {
  const found = new Map<string, JsonSchema>()
  walkSchemas(document, (schema, path) => {
    if (schema.nullable === true && isMeant(schema)) found.set(toPointer(path), schema)
  })
  if (found.size === 0) return
  for (const target of new Set(listReferences(document).map(({ target }) => target))) {
    const names = splitFragment(target)
    for (const index of names.keys()) found.delete(toPointer(names.slice(0, index)))
  }
  for (const schema of found.values()) {
    const written = allowNull(schema)
    for (const name of Object.keys(schema)) Reflect.deleteProperty(schema, name)
    Object.assign(schema, written)
  }
}

function toPointer(path: Path): string {
  return path.map((name) => escapeName(`${name}`)).join('/')
}

/** Puts the Media Type Objects that OpenAPI 3.2 refers to in the places of their references, which 3.1 does not have. */
function placeMediaTypes(document: object): void {
  walkParts(document, ({ content }) => {
    if (!isObject(content)) return
    for (const [type, part] of Object.entries(content)) {
      const found = resolvePart(document, part)
      if (isObject(found)) Reflect.set(content, type, found)
    }
  })
}

function upgradeParts(source: object): UpgradedDocument {
  const whole = tryUpgrade(source)
  if (whole) return { document: whole, findings: [] }
  const { paths, ...rest } = asRecord(source)
  const upgraded: Record<string, unknown> = {}
  const findings = Object.entries(asRecord(paths)).flatMap(([path, item]): Finding[] => {
    const one = tryUpgrade({ ...rest, paths: { [path]: item } })
    if (one) Object.assign(upgraded, one.paths)
    if (one) return []
    const message = `the path ${path} cannot be read`
    return [{ path: ['paths', path], message, expected: 'a Path Item Object', severity: 'omission' }]
  })
  return { document: { ...tryUpgrade({ ...rest, paths: {} }), paths: upgraded }, findings }
}

function tryUpgrade(source: object): Record<string, unknown> | undefined {
  try {
    const upgraded: unknown = upgrade({ ...structuredClone(source) }, '3.1')
    return isObject(upgraded) ? { ...upgraded } : undefined
  } catch {
    return undefined
  }
}
