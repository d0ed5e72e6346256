import { basename } from 'node:path'
import { nameDescription } from '../config/settings.ts'
import { asRecord, isObject } from '../document/json.ts'
import { readCapability } from './capability/capability.ts'
import { deriveDocument, deriveOperations } from './capability/derivation.ts'
import type { Description } from './description.ts'
import { checkExtensions } from './extension-checks.ts'
import { loadExternalFiles, type ReferenceOptions } from './openapi/external-files.ts'
import { describePastGateway, readPathOperations } from './openapi/operations.ts'
import { checkDynamicReference, repairReferences } from './openapi/reference-checks.ts'
import { checkParts } from './openapi/references.ts'
import { checkSchemaExtensions, createPatternCheck, findRoundedNumbers } from './openapi/schema-checks.ts'
import { completeSchemes, findSchemeProblems } from './openapi/security.ts'
import { checkKeywords, checkPartHeaders } from './openapi/unchecked-keywords.ts'
import { readOpenApiVersion, upgradeDocument } from './openapi/upgrade.ts'
import { type DescriptionProblem, type Finding, type Path, type Position, toProblem } from './problem.ts'
import { readSource } from './source.ts'

/** A description as an OpenAPI document of whatever version, which overlays can still be applied to. */
export interface DocumentSource {
  readonly file: string
  readonly kind: Description['kind']
  readonly document: object
  /** Position of a place of the document, in the file. */
  readonly positionOf: (path: Path) => Position
  /** The text of a place of the document, as the file has it; empty where it is derived. */
  readonly textOf: (path: Path) => string
  readonly problems: readonly DescriptionProblem[]
}

/** Reads the text of a capability or an OpenAPI document. Without a source there is at least one error. */
export function readDocumentSource(
  text: string,
  file: string,
): { readonly source?: DocumentSource; readonly problems: readonly DescriptionProblem[] } {
  const { value, problems, ...places } = readSource(text, file)
  if (problems.length > 0) return { problems }
  if (asRecord(value).naftiko !== undefined) return readCapabilitySource(text, file)
  if (isObject(value) && readOpenApiVersion(value) !== undefined)
    return { source: { file, kind: 'openapi', document: value, ...places, problems: [] }, problems: [] }
  const { swagger, openapi } = asRecord(value)
  const version = swagger ?? openapi
  const message =
    version === undefined ? 'the file is no description of an API' : `OpenAPI ${version} is not supported`
  const expected = 'naftiko: 1.…, openapi: 3.0, 3.1 or 3.2, or swagger: "2.0"'
  return { problems: [{ file, line: 1, column: 1, message, expected, severity: 'error' }] }
}

function readCapabilitySource(text: string, file: string): ReturnType<typeof readDocumentSource> {
  const { capability, problems, positionOf } = readCapability(text, file)
  if (!capability) return { problems }
  const places = new Map(
    deriveOperations(capability).map(({ key, method, source }) => [
      `${method} ${key}`,
      (source.route ?? source.tool ?? source.consumed).place,
    ]),
  )
  const positionOfDerived = ([, key = '', method = '']: Path) =>
    positionOf(places.get(`${method} ${key}`) ?? [])
  const source: DocumentSource = {
    ...{ file, kind: 'capability', problems, positionOf: positionOfDerived, textOf: () => '' },
    document: deriveDocument(capability),
  }
  return { source, problems }
}

/**
 * Turns a source into a description: upgraded to OpenAPI 3.1, its references made local and sound, its operations read
 * one by one. Never throws. The document of the source may be changed by it.
 */
export async function toDescription(
  { file, kind, document: written, positionOf, textOf, problems }: DocumentSource,
  references: Omit<ReferenceOptions, 'file'>,
): Promise<Description> {
  const external = await loadExternalFiles(written, { file, ...references })
  const rounded = findRoundedNumbers(written, textOf)
  const { document, findings } = upgradeDocument(written)
  const repaired = repairReferences(document)
  const read = readPathOperations(document, kind)
  const { paths: _paths, webhooks, ...root } = document
  const hasWebhooks = Object.keys(asRecord(webhooks)).length > 0
  const { part: rest, findings: foreign } = checkExtensions('document', root, { path: [] })
  const positionOfWritten = (path: Path) => positionOf(toWrittenPath(path, written))
  return {
    file,
    name: nameDescription(file),
    kind,
    positionOf: positionOfWritten,
    document: { ...rest, info: completeInfo(rest.info, file), components: completeSchemes(document) },
    operations: read.operations.map(({ path, ...one }) => ({
      ...one,
      findPosition: () => positionOf(path),
    })),
    problems: [
      ...problems,
      ...[
        ...external,
        ...findings,
        ...findInfoProblems(rest.info),
        ...foreign,
        ...findSchemeProblems(document),
        ...repaired,
        ...checkParts(document, [
          ...[checkSchemaExtensions, checkDynamicReference, checkKeywords, checkPartHeaders],
          createPatternCheck(),
        ]),
        ...rounded,
        ...(hasWebhooks ? [describePastGateway(['webhooks'], 'the webhooks are not served')] : []),
        ...read.findings,
      ].map((one) => toProblem(one, file, positionOfWritten)),
    ],
  }
}

/** What upgrading moved stands elsewhere in an OpenAPI 2.0 file. */
function toWrittenPath(path: Path, written: object): Path {
  if (!('swagger' in written) || path[0] !== 'components') return path
  const [, group = '', ...rest] = path
  const names: Readonly<Record<string, string>> = {
    schemas: 'definitions',
    securitySchemes: 'securityDefinitions',
  }
  return [names[group] ?? group, ...rest]
}

function completeInfo(info: unknown, file: string): object {
  const { title = basename(file), version = '1', ...rest } = asRecord(info)
  return { title: String(title), version: String(version), ...rest }
}

function findInfoProblems(info: unknown): Finding[] {
  return ['title', 'version'].flatMap((name): Finding[] =>
    asRecord(info)[name] === undefined
      ? [{ path: ['info', name], message: `info has no ${name}`, expected: `a ${name}`, severity: 'warning' }]
      : [],
  )
}
