import { hash } from 'node:crypto'
import { nameDescriptions } from '../config/settings.ts'
import { hideUrlSecrets } from '../config/urls.ts'
import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import type { Selection } from '../document/selection.ts'
import { addComponents, type Components } from './components.ts'
import { composeDocument } from './composition.ts'
import type { Description, MergedOperation } from './description.ts'
import { type DocumentSource, readDocumentSource, toDescription } from './document-source.ts'
import { findIdleOptions, type GivenOptions } from './idle-options.ts'
import { type MergeOptions, mergeOperations } from './merge.ts'
import { readOpenApiVersion } from './openapi/upgrade.ts'
import { placeLinks } from './operation-names.ts'
import { applyOverlay } from './overlay/overlay.ts'
import type { DescriptionProblem } from './problem.ts'
import { findDroppedHeaders } from './root-extensions.ts'
import { typeDescription } from './schemas.ts'
import { findSharedCredentials, nameVariables } from './security-variables.ts'
import { selectOperations } from './selection.ts'

/** A file as it was named, and its text. */
export interface NamedText {
  readonly file: string
  readonly text: string
}

/** What a gateway is to serve. */
export interface LoadOptions extends MergeOptions, GivenOptions {
  /** Capabilities and OpenAPI documents; of equal operations, the first one named is served. */
  readonly files: readonly NamedText[]
  readonly overlays: readonly NamedText[]
  /** OpenAPI documents that type the operations of capabilities and are not served themselves. */
  readonly schemas: readonly NamedText[]
  readonly selection: Selection
  /** Beginnings of URLs that references may lead to, besides the folder of each file. */
  readonly allowReferences: readonly string[]
}

/** What loading came to; without a document there is at least one error among the problems. */
export interface Loading {
  readonly document?: OpenApiDocument
  /** The operations of the document. */
  readonly operations?: readonly MergedOperation[]
  readonly problems: readonly DescriptionProblem[]
}

/**
 * Loads descriptions as one OpenAPI 3.1 or 3.2 document: read, overlaid, upgraded, typed, merged, named and selected, in this
 * order. Every problem is reported; those that are no errors cost what they say and nothing else.
 */
export async function loadDescriptions(options: LoadOptions): Promise<Loading> {
  const files = readSources(options.files)
  const schemas = readSources(options.schemas)
  const overlaid = applyOverlays(files.sources, options.overlays)
  const early = [...files.problems, ...schemas.problems, ...overlaid.problems]
  if (early.some(({ severity }) => severity === 'error')) return { problems: sortProblems(early, options) }

  const references = { allowed: options.allowReferences, followed: new Set<string>() }
  const components: Components = new Map()
  const read = async (sources: readonly DocumentSource[]) => {
    const names = nameDescriptions(sources.map(({ file }) => file))
    const descriptions: Description[] = []
    for (const [index, source] of sources.entries()) {
      const described = await toDescription(source, references)
      // By its name, the operator tells the credentials and the address of a description from those of others.
      const read = { ...described, name: names[index] ?? described.name }
      const isOne = options.files.length === 1
      const named = isOne ? read : { ...placeLinks(nameVariables(read)), content: hashContent(described) }
      descriptions.push(addComponents(components, named))
    }
    return descriptions
  }
  const own = await read(overlaid.sources)
  const documents = await read(schemas.sources)
  const typed = own.map((one) =>
    one.kind === 'capability' && documents.length > 0
      ? typeDescription(one, documents)
      : { description: one, problems: [] },
  )
  const descriptions = typed.map(({ description }) => description)
  const merged = mergeOperations(descriptions, options)
  const { selected, unmatched } = selectOperations(merged.operations, options.selection)
  // What 3.2 alone has words for, such as the method QUERY, is kept as it stands.
  const isLatest = [...own, ...documents].some((one) => readOpenApiVersion(one.document) === '3.2')
  const document = composeDocument(descriptions, selected, components, isLatest ? '3.2.0' : '3.1.1')
  const problems = [
    ...early,
    ...[...own, ...documents].flatMap((one) => one.problems),
    ...typed.flatMap((one) => one.problems),
    ...merged.problems,
    ...findIdleOptions(options, { ...merged, ...references, descriptions, unmatched }),
    ...findDroppedHeaders(descriptions),
    ...findSharedCredentials(selected, asRecord(asRecord(document.components).securitySchemes)),
  ]
  // Any other error says better why.
  if (selected.length === 0 && !problems.some(({ severity }) => severity === 'error'))
    problems.push(describeNothing(descriptions, merged.operations.length > 0))
  return { document, operations: selected, problems: sortProblems(problems, options) }
}

function readSources(files: readonly NamedText[]) {
  const read = files.map(({ text, file }) => readDocumentSource(text, file))
  return {
    sources: read.flatMap(({ source }) => source ?? []),
    // The problems of a source come with its description.
    problems: read.flatMap(({ source, problems }) => (source ? [] : problems)),
  }
}

function applyOverlays(sources: readonly DocumentSource[], overlays: readonly NamedText[]) {
  const problems: DescriptionProblem[] = []
  let documents = sources.map(({ document }) => document)
  for (const { text, file } of overlays) {
    const overlaid = applyOverlay(text, file, documents)
    documents = [...overlaid.documents]
    problems.push(...overlaid.problems)
  }
  return {
    problems,
    sources: sources.map((source, index) => ({ ...source, document: documents[index] ?? {} })),
  }
}

/** Names what a description says of its operations, before it is told from others: copies of it say the same. */
function hashContent({ document, operations }: Description): string {
  const { components, 'x-files': files } = document
  return hash('sha256', JSON.stringify([components, files, operations.map((one) => one.operation)]))
}

/** Says that there is nothing to serve, at the paths of the first description. */
function describeNothing([first]: readonly Description[], hasSome: boolean): DescriptionProblem {
  const position = first?.positionOf(['paths']) ?? { line: 1, column: 1 }
  const message = 'no operation is left to serve'
  const expected = hasSome ? 'a selection that leaves one' : 'one at least'
  return { file: first?.file ?? '', ...position, message, expected, severity: 'error' }
}

/**
 * Sorts problems, without the credentials of URLs in them, by the order in which their files were named, settings first,
 * then by line. Those of a file that is named twice are told once.
 */
function sortProblems(
  all: readonly DescriptionProblem[],
  { files, overlays, schemas }: LoadOptions,
): DescriptionProblem[] {
  const told = all.map((one) => ({
    ...one,
    message: hideUrlSecrets(one.message),
    expected: hideUrlSecrets(one.expected),
  }))
  const problems = [...new Map(told.map((one) => [JSON.stringify(one), one])).values()]
  const order = new Map([...files, ...overlays, ...schemas].map(({ file }, index) => [file, index]))
  return problems.toSorted((a, b) => (order.get(a.file) ?? -1) - (order.get(b.file) ?? -1) || a.line - b.line)
}
