import { type OpenApiDocument, readDocument } from '../document/document.ts'
import { asRecord, readOwn } from '../document/json.ts'
import { listOperations, type OperationPart } from '../document/responses.ts'
import { DescriptionError, type DescriptionOptions, readSelection } from './files.ts'
import { formatPlace } from './problem.ts'
import { explainUnmatched, selectOperations } from './selection.ts'

/** Options for the text of a description; the shipped document is served as it is. */
const fileOptions = {
  overlays: '--overlay',
  schemas: '--schemas',
  baseUrls: '--base-url',
  serverVariables: '--server-variable',
  prefixes: '--prefix',
  allowReferences: '--allow-ref',
} satisfies Partial<Record<keyof DescriptionOptions, string>>

/**
 * Returns the document that calgate ships with, with the selected operations alone. Throws a `DescriptionError` for an
 * option that needs the file of a description, for a name that selects nothing, and where no operation is left.
 */
export function selectShipped(options: DescriptionOptions): OpenApiDocument {
  const refused = Object.entries(fileOptions).find(
    ([member]) => [readOwn(options, member) ?? []].flat().length > 0,
  )
  if (refused) throw new DescriptionError(`${refused[1]} needs a description: name its file`)
  const document = readDocument()
  const operations = listOperations(document).map((one) => ({
    ...{ key: one.path, method: one.method.toLowerCase() },
    operation: asRecord(one.part),
    listed: one,
  }))
  const { selected, unmatched } = selectOperations(operations, readSelection(options))
  if (unmatched.length > 0)
    throw new DescriptionError(
      unmatched
        .map((one) => {
          const place = options.findPlace?.(one.member, one.name)
          const { message, expected } = explainUnmatched(one)
          return `${formatPlace(place)}${message}; expected ${expected}`
        })
        .join('\n'),
    )
  if (selected.length === 0)
    throw new DescriptionError('no operation is left to serve; expected a selection that leaves one')
  return {
    ...document,
    paths: keepOperations(
      document,
      selected.map(({ listed }) => listed),
    ),
  }
}

function keepOperations(
  { paths }: OpenApiDocument,
  kept: readonly OperationPart[],
): OpenApiDocument['paths'] {
  const parts = new Set(kept.map(({ part }) => part))
  const isKept = ([, part]: [string, unknown]) => parts.has(part)
  return Object.fromEntries(
    Object.entries(paths)
      .map(([path, item]) => [path, Object.fromEntries(Object.entries(item).filter(isKept))] as const)
      .filter(([, item]) => Object.keys(item).length > 0),
  )
}
