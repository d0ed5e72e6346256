import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import { type Components, pruneComponents } from './components.ts'
import type { Description, MergedOperation } from './description.ts'

/**
 * Composes the document that is served. An operation whose path is taken stands under a label, which is never sent; where
 * operations belong to several APIs, each names its base URL.
 */
export function composeDocument(
  descriptions: readonly Description[],
  operations: readonly MergedOperation[],
  components: Components,
): OpenApiDocument {
  const [first] = descriptions
  const infos = descriptions.map(({ document }) => asRecord(document.info))
  const urls = new Set(operations.map(({ baseUrl }) => baseUrl))
  const [url] = urls
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { key, method, operation, baseUrl, description } of operations) {
    const own =
      urls.size > 1 && baseUrl !== undefined ? { 'x-base-url': baseUrl, servers: [{ url: baseUrl }] } : {}
    const { servers: _servers, ...rest } = operation
    const candidates = [
      key,
      `${key.replace(/#.*$/s, '')}#${description.name}`,
      `${key.replace(/#.*$/s, '')}#${operation.operationId}`,
    ]
    const free = candidates.find((candidate) => paths[candidate]?.[method] === undefined) ?? key
    paths[free] = { ...paths[free], [method]: { ...rest, ...own } }
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
    openapi: '3.1.1',
    info:
      descriptions.length === 1
        ? infos[0]
        : { title: infos.map(({ title }) => title).join(', '), version: '1' },
    ...(descriptions.length === 1 && first && { 'x-name': first.name }),
    ...(urls.size === 1 && url !== undefined && { 'x-base-url': url, servers: [{ url }] }),
    ...(tags.size > 0 && { tags: [...tags.values()] }),
    paths,
    components: { ...others, ...(securitySchemes && { securitySchemes }) },
    ...(files && { 'x-files': files }),
    ...listExtensions(descriptions),
  }
}

/** What overlays say of a document as a whole; of several documents, the first that says it. */
function listExtensions(descriptions: readonly Description[]): object {
  return Object.fromEntries(
    descriptions
      .toReversed()
      .flatMap(({ document }) => Object.entries(document))
      .filter(([name]) => name.startsWith('x-') && name !== 'x-files'),
  )
}
