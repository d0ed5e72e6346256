import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import { type Components, pruneComponents } from './components.ts'
import type { Description, MergedOperation } from './description.ts'
import type { DescriptionProblem } from './problem.ts'

/**
 * Composes the document that is served. An operation whose path is taken stands under a label, which is never sent; where
 * operations belong to several APIs, those that are not of the first name their base URLs.
 */
export function composeDocument(
  descriptions: readonly Description[],
  operations: readonly MergedOperation[],
  components: Components,
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
      `${key.replace(/#.*$/s, '')}#${description.name}`,
      `${key.replace(/#.*$/s, '')}#${operation.operationId}`,
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
    openapi: '3.1.1',
    info:
      descriptions.length === 1
        ? infos[0]
        : { title: infos.map(({ title }) => title).join(', '), version: '1' },
    ...(descriptions.length === 1 && first && { 'x-name': first.name }),
    ...(url !== undefined && { 'x-base-url': url, servers: [{ url }] }),
    ...(tags.size > 0 && { tags: [...tags.values()] }),
    paths,
    components: { ...others, ...(securitySchemes && { securitySchemes }) },
    ...(files && { 'x-files': files }),
    ...listExtensions(descriptions),
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

/**
 * Returns what overlays say of a document as a whole; of several documents, the first that says it. What the errors of
 * one repeat is redacted from those of all.
 */
function listExtensions(descriptions: readonly Description[]): object {
  const documents = descriptions.map(({ document }) => document)
  const echoes = documents.flatMap((one) => one['x-error-echoes'] ?? [])
  const unite = (list: 'members' | 'urls') => [...new Set(echoes.flatMap((one) => asRecord(one)[list] ?? []))]
  const titles = documents.map((one) => one['x-title'] ?? asRecord(one.info).title)
  return {
    ...Object.fromEntries(
      documents
        .toReversed()
        .flatMap((document) => Object.entries(document))
        .filter(([name]) => name.startsWith('x-') && name !== 'x-files' && name !== 'x-base-url'),
    ),
    ...(documents.some((one) => one['x-title'] !== undefined) && { 'x-title': titles.join(', ') }),
    ...(echoes.length > 1 && { 'x-error-echoes': { members: unite('members'), urls: unite('urls') } }),
  }
}

/** Finds the headers that say how long to wait (`x-retry-after-header`) and do not count: one does, for all APIs. */
export function findDroppedHeaders(descriptions: readonly Description[]): DescriptionProblem[] {
  const read = ({ document }: Description) => document[header]
  const first = descriptions.find((one) => read(one) !== undefined)
  if (!first) return []
  const counting = String(read(first))
  const dropped = descriptions.filter(
    (one) => read(one) !== undefined && String(read(one)).toLowerCase() !== counting.toLowerCase(),
  )
  return dropped.map((one) => ({
    file: one.file,
    ...one.positionOf([header]),
    message: `${header} ${read(one)} does not count beside ${counting} of ${first.file}`,
    expected: 'one header, or descriptions that are served apart',
    severity: 'warning',
  }))
}

const header = 'x-retry-after-header'
