import { asRecord } from '../document/json.ts'
import type { Description } from './description.ts'
import type { DescriptionProblem } from './problem.ts'

const header = 'x-retry-after-header'

/**
 * Returns what overlays say of a document as a whole; of several documents, the first that says it. What the errors of
 * one repeat is redacted from those of all.
 */
export function uniteExtensions(descriptions: readonly Description[]): object {
  const documents = descriptions.map(({ document }) => document)
  const echoes = documents.flatMap((one) => one['x-error-echoes'] ?? [])
  const unite = (list: 'members' | 'urls') => [...new Set(echoes.flatMap((one) => asRecord(one)[list] ?? []))]
  return {
    ...Object.fromEntries(
      documents
        .toReversed()
        .flatMap((document) => Object.entries(document))
        .filter(([name]) => name.startsWith('x-') && name !== 'x-files' && name !== 'x-base-url'),
    ),
    ...(documents.some((one) => one['x-title'] !== undefined) && {
      'x-title': joinTitles(documents.map((one) => one['x-title'] ?? asRecord(one.info).title)),
    }),
    ...(echoes.length > 1 && { 'x-error-echoes': { members: unite('members'), urls: unite('urls') } }),
  }
}

/** Joins the titles of descriptions, each once: several files may describe one API. */
export function joinTitles(titles: readonly unknown[]): string {
  return [...new Set(titles)].join(', ')
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
