import type { OpenApiDocument } from '../document/document.ts'
import { asRecord, isObject } from '../document/json.ts'
import { mapValues } from '../document/json-schema.ts'
import { methods } from '../document/responses.ts'
import { toText } from './comparable-schemas.ts'

type Values = Readonly<Record<string, unknown>>

/** Two documents whose security is written in one way, and the schemes that have other names in the second one. */
export interface ComparableSecurity {
  readonly documents: readonly [OpenApiDocument, OpenApiDocument]
  /** The old names by the new ones. */
  readonly renamed: ReadonlyMap<string, string>
}

/**
 * Writes the security of two documents in one way: a scheme has its old name, which no request has, and where they
 * differ in what they say for all operations, each operation says it itself.
 */
export function toComparableSecurity(old: OpenApiDocument, next: OpenApiDocument): ComparableSecurity {
  const [schemes, nextSchemes] = [readSchemes(old), readSchemes(next)]
  const gone = Object.entries(schemes).filter(([name]) => nextSchemes[name] === undefined)
  const renamed = new Map<string, string>()
  for (const [name, text] of Object.entries(nextSchemes)) {
    const [found, ...others] = gone.filter(([, one]) => one === text)
    if (schemes[name] === undefined && found && others.length === 0) renamed.set(name, found[0])
  }
  const rename = (part: unknown) =>
    Object.fromEntries(Object.entries(asRecord(part)).map(([name, one]) => [renamed.get(name) ?? name, one]))
  const renameAll = (security: unknown) => (Array.isArray(security) ? security.map(rename) : security)
  const components = asRecord(next.components)
  const named: OpenApiDocument = {
    ...mapSecurity(next, renameAll),
    ...(renamed.size > 0 && {
      components: { ...components, securitySchemes: rename(components.securitySchemes) },
    }),
  }
  const isShared = toText(old.security ?? []) === toText(named.security ?? [])
  return { documents: isShared ? [old, named] : [spread(old), spread(named)], renamed }
}

/** Gives the schemes as texts, which are equal where the schemes are. */
function readSchemes({ components }: OpenApiDocument): Readonly<Record<string, unknown>> {
  return mapValues(asRecord(asRecord(components).securitySchemes), toText)
}

function spread({ security: shared, ...document }: OpenApiDocument): OpenApiDocument {
  return mapSecurity(document, (security = shared) => security)
}

/** Maps the security of a document and of its operations. */
function mapSecurity(document: OpenApiDocument, map: (security: unknown) => unknown): OpenApiDocument {
  const mapOne = (part: unknown): unknown => {
    if (!isObject(part)) return part
    const security = map(part.security)
    return security === undefined ? part : { ...part, security }
  }
  const paths = Object.entries(document.paths).map(([path, item]): [string, Values] => {
    const mapped = mapValues(item, (part, name) => {
      if (name === 'additionalOperations') return mapValues(asRecord(part), mapOne)
      return methods.includes(name) ? mapOne(part) : part
    })
    return [path, mapped]
  })
  const security = document.security === undefined ? {} : { security: map(document.security) }
  return { ...document, ...security, paths: Object.fromEntries(paths) }
}
