import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import { splitPointer } from '../document/json-pointer.ts'
import { keepLocalReferences } from '../document/local-references.ts'
import { listOperations, methods, type OperationPart } from '../document/responses.ts'
import { shorten } from '../document/single-line.ts'
import { breaksCallers, hidesFromTools } from './change-ratings.ts'
import { expandChanged } from './changed-operations.ts'
import { nameMoved, toComparable } from './comparable-documents.ts'
import { isWhole } from './comparable-schemas.ts'
import { toComparableSecurity } from './comparable-security.ts'
import { eraseNames } from './identity.ts'
import { loadExternalFiles } from './openapi/external-files.ts'
import { resolvePart } from './openapi/references.ts'
import { upgradeDocument } from './openapi/upgrade.ts'
import { readSource } from './source.ts'
import { type Change, compareExtensions } from './tool-changes.ts'

type Values = Readonly<Record<string, unknown>>

/** A document that cannot be compared; the message is one line for the user who named it. */
export class ComparisonError extends Error {
  override readonly name = 'ComparisonError'
}

/** What comparing needs of the process it runs in. */
export interface Surroundings {
  /** The Node that runs Redocly. */
  readonly execPath: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Lists what changes from one OpenAPI document to another (files, JSON or YAML), rated by Redocly's rules for the
 * direction a part travels in, and by ours for exposed paths and tools. Each operation that a changed part belongs to is
 * named, as request and as response; a component that no operation uses changes nothing for clients.
 * Throws a `ComparisonError`.
 */
export async function listChanges(old: string, next: string, surroundings: Surroundings): Promise<Change[]> {
  const candidates = [await readCandidate(old), await readCandidate(next)] as const
  const [operations, nextOperations] = [nameOperations(candidates[0]), nameOperations(candidates[1])]
  const extensions = [...operations].flatMap(([shape, operation]) => {
    const counterpart = nextOperations.get(shape)
    return counterpart ? compareExtensions(operation, counterpart) : []
  })
  const { documents: secured, renamed } = toComparableSecurity(...candidates)
  const documents = toComparable(...expand(...secured))
  const report = await compare(...documents, surroundings)
  const rated = [report.changes]
    .flat()
    .map(asRecord)
    .filter(({ path }) => !/^#\/components\/(?!securitySchemes)/.test(String(path)))
    .map((one) => toChange(one, documents))
  const schemes = [...renamed].map(([name, old]) => describeRenamed(name, old))
  return [...rated, ...extensions, ...schemes].sort((a, b) => Number(b.breaking) - Number(a.breaking))
}

function expand(
  ...candidates: readonly [OpenApiDocument, OpenApiDocument]
): ReturnType<typeof expandChanged> {
  try {
    return expandChanged(...candidates)
  } catch (error) {
    throw error instanceof RangeError ? new ComparisonError(error.message) : error
  }
}

/** Writes changes one a line, the breaking ones first as `listChanges` has them, and counts them at the end. */
export function formatChanges(changes: readonly Change[]): string {
  const lines = changes.map(({ breaking, operation, place, what, callers }) => {
    const where = [operation || 'the document', place].filter(Boolean).join('  ')
    return `${breaking ? 'BREAKING  ' : 'compatible'}  ${where}  ${what}  (${callers})\n`
  })
  const breaking = changes.filter((change) => change.breaking).length
  return `${lines.join('')}${breaking} breaking, ${changes.length - breaking} compatible\n`
}

async function readCandidate(file: string): Promise<OpenApiDocument> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ComparisonError(`${file} cannot be read (${asRecord(error).code})`)
  })
  const { value, problems } = readSource(text, file)
  const source = asRecord(value)
  const reason =
    problems[0]?.message ?? (/^3\./.test(String(source.openapi)) ? undefined : 'it has no `openapi: 3.…`')
  if (reason !== undefined) throw new ComparisonError(`${file} is not an OpenAPI 3 document: ${reason}`)
  const external = await loadExternalFiles(source, { file, allowed: [] })
  // A gateway upgrades what it serves so, and each version has ways of its own to say the same.
  const { document, findings } = upgradeDocument(source)
  const [unread] = [...external, ...findings]
  if (unread)
    throw new ComparisonError(`${file} cannot be compared: ${unread.message} (${unread.path.join('.')})`)
  const { openapi, paths, ...rest } = document
  const items = Object.entries(asRecord(paths)).map(([path, item]) => {
    const { $ref, ...own } = asRecord(item)
    return [path, { ...asRecord(resolvePart(document, item)), ...own }] as const
  })
  return { openapi: String(openapi), ...rest, paths: Object.fromEntries(items) }
}

/** Gives the operations by what they are: the names of path variables make no other one. */
function nameOperations(document: OpenApiDocument): Map<string, OperationPart> {
  return new Map(listOperations(document).map((one) => [`${one.method} ${eraseNames(one.path)}`, one]))
}

/** Runs Redocly's own comparison, as a process that reports to nobody and reads no configuration. */
async function compare(old: Values, next: Values, { execPath, env }: Surroundings): Promise<Values> {
  const folder = await mkdtemp(join(tmpdir(), 'calgate-diff-'))
  try {
    await writeFile(join(folder, 'old.json'), JSON.stringify(keepLocalReferences(old)))
    await writeFile(join(folder, 'new.json'), JSON.stringify(keepLocalReferences(next)))
    const options = ['diff', 'old.json', 'new.json', '--format=json', '--fail-on=none']
    const { stdout } = await promisify(execFile)(execPath, [findRedocly(), ...options], {
      cwd: folder,
      maxBuffer: 2 ** 28,
      env: { ...env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    })
    return asRecord(JSON.parse(stdout))
  } catch (error) {
    if (error instanceof ComparisonError) throw error
    throw new ComparisonError('Redocly cannot compare the two documents; lint each of them first', {
      cause: error,
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Finds Redocly, which need not be there: a running gateway has no use for its 15 MB. */
function findRedocly(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('@redocly/cli/package.json')
    return join(dirname(manifest), 'bin/cli.js')
  } catch {
    throw new ComparisonError('this needs a package that is not installed; run: npm install @redocly/cli')
  }
}

function toChange(source: Values, [old, next]: readonly [Values, Values]): Change {
  const { property, kind, base, revision } = source
  const names = splitPointer(String(source.path))
  const [place, path = '', method = '', ...rest] = names
  const inPath = place === 'paths'
  const item = asRecord(asRecord((kind === 'removed' ? old : next).paths)[path])
  const inOperation = inPath && methods.includes(method)
  const inner = inOperation ? nameParameter(rest, item[method]) : inPath ? names.slice(2) : names
  const values = [asRecord(base).value, asRecord(revision).value]
  const [finding] = [source.verdicts ?? []].flat()
  const difference = { kind, names: inner, property, from: values[0], to: values[1] }
  return {
    breaking: source.impact === 'major' || breaksCallers(difference),
    operation: nameMoved(inOperation ? `${method.toUpperCase()} ${path}` : inPath ? path : ''),
    place: [inner.join('/'), property].filter(Boolean).join(' '),
    what: finding
      ? nameMoved(String(asRecord(finding).message)).replace(/\.$/, '')
      : describe(kind, property, values),
    callers:
      place === 'servers'
        ? 'REST callers'
        : property === 'operationId'
          ? 'generated clients'
          : hidesFromTools(difference)
            ? 'MCP callers'
            : 'all callers',
  }
}

/** No client knows the name of a scheme, but the variables of a credential have it. */
function describeRenamed(name: string, old: string): Change {
  return {
    breaking: false,
    operation: '',
    place: `components/securitySchemes/${name}`,
    what: `changed its name from ${quote(old, false)} to ${quote(name, false)}`,
    callers: 'operators',
  }
}

/** A parameter is known by its place and name, not by its number in a list. */
function nameParameter(names: readonly string[], operation: unknown): string[] {
  const [group, index = '', ...rest] = names
  const { in: place, name } = asRecord(asRecord(asRecord(operation).parameters)[index])
  return group === 'parameters' && name !== undefined ? [`${place}.${name}`, ...rest] : [...names]
}

function describe(kind: unknown, property: unknown, values: readonly unknown[]): string {
  if (kind !== 'modified') return `${kind}`
  const [from, to] = values.map((one) => quote(one, isWhole(String(property))))
  return `changed from ${from} to ${to}`
}

function quote(value: unknown, isText: boolean): string {
  return value === undefined ? 'nothing' : shorten(isText ? String(value) : JSON.stringify(value), 80)
}
