import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import { relabelKey } from '../document/path-template.ts'
import { type Components, pruneComponents } from './components.ts'
import type { Description, MergedOperation } from './description.ts'
import { joinTitles, uniteExtensions } from './root-extensions.ts'

/**
 * Composes the document that is served. An operation whose path is taken stands under a label, which is never sent; where
 * operations belong to several APIs, those that are not of the first name their base URLs.
 */
export function composeDocument(
  descriptions: readonly Description[],
  operations: readonly MergedOperation[],
  components: Components,
  version: string,
): OpenApiDocument {
  const [first] = descriptions
  const infos = descriptions.map(({ document }) => asRecord(document.info))
  // Operations whose address only the operator can name go there alone: others keep an address of their own.
  const url = operations.every(({ baseUrl }) => baseUrl !== undefined) ? operations[0]?.baseUrl : undefined
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { key, method, operation, baseUrl, description } of operations) {
    const own =
      baseUrl !== undefined && baseUrl !== url ? { 'x-base-url': baseUrl, servers: [{ url: baseUrl }] } : {}
    const { servers: _servers, 'x-base-url': _url, ...rest } = operation
    const candidates = [
      key,
      relabelKey(key, description.name),
      relabelKey(key, String(operation.operationId)),
    ]
    const free = candidates.find((one) => readMembers(paths[one], method)[method] === undefined) ?? key
    const added = { ...readMembers(paths[free], method), [method]: { ...rest, ...own } }
    paths[free] = isAdditional(method)
      ? { ...paths[free], additionalOperations: added }
      : { ...paths[free], ...added }
  }
  const tags = new Map(
    descriptions.flatMap(({ document }) =>
      [document.tags ?? []].flat().map((tag) => [asRecord(tag).name, tag]),
    ),
  )
  const {
    securitySchemes,
    'x-files': files,
    ...others
  } = pruneComponents(
    components,
    operations.map((one) => one.operation),
  )
  return {
    openapi: version,
    info:
      descriptions.length === 1
        ? infos[0]
        : { title: joinTitles(infos.map(({ title }) => title)), version: '1' },
    ...(descriptions.length === 1 && first && { 'x-name': first.name }),
    ...(url !== undefined && { 'x-base-url': url, servers: [{ url }] }),
    ...(tags.size > 0 && { tags: [...tags.values()] }),
    paths,
    components: { ...others, ...(securitySchemes && { securitySchemes }) },
    ...(files && { 'x-files': files }),
    ...uniteExtensions(descriptions),
  }
}

/** Returns whether a method is one that a Path Item Object has no member for (OpenAPI 3.2, `additionalOperations`). */
function isAdditional(method: string): boolean {
  return !/^[a-z]+$/.test(method)
}

/** Returns the operations of a path beside which one of a method stands. */
function readMembers(
  item: Readonly<Record<string, unknown>> | undefined,
  method: string,
): Readonly<Record<string, unknown>> {
  return asRecord(isAdditional(method) ? item?.additionalOperations : item)
}
