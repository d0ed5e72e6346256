import { asRecord, isObject } from '../document/json.ts'
import { listPathVariables } from '../document/path-template.ts'
import type { OperationPart } from '../document/responses.ts'
import { hintByMethod } from '../document/tool.ts'
import { eraseNames } from './identity.ts'
import { NameRegistry, toOperationName } from './naming.ts'
import { toRestPath } from './tools.ts'

/** One difference between two documents, rated for those who call what they describe. */
export interface Change {
  readonly breaking: boolean
  /** `GET /v2/users`, or empty for the document as a whole. */
  readonly operation: string
  /** Where in the operation: `query.limit maximum`, `responses/200/content/application/json/schema/…`. */
  readonly place: string
  /** What changed, a sentence without its full stop. */
  readonly what: string
  /** Who has to know. */
  readonly callers: 'all callers' | 'REST callers' | 'MCP callers' | 'generated clients' | 'operators'
}

/** The extensions that `compareExtensions` rates. */
export const ratedExtensions: readonly string[] = ['x-rest-path', 'x-mcp-tool', 'x-scope']

/** The value of a hint that allows a client the most: giving it up breaks clients that rely on it. */
const assurances = new Map([
  ['readOnlyHint', true],
  ['destructiveHint', false],
  ['idempotentHint', true],
  ['openWorldHint', false],
])

const callersOf: Readonly<Record<string, Change['callers']>> = {
  'x-rest-path': 'REST callers',
  'x-scope': 'all callers',
}

/** Compares what an operation says of its exposed path, its scope and its tool; no library knows these members. */
export function compareExtensions(old: OperationPart, next: OperationPart): Change[] {
  const change = (place: string, what: string, breaking: boolean): Change => ({
    breaking,
    operation: `${next.method} ${next.path}`,
    place,
    what,
    callers: callersOf[place] ?? 'MCP callers',
  })
  const [path, nextPath] = [readPath(old), readPath(next)]
  const [scope, nextScope] = [asRecord(old.part)['x-scope'], asRecord(next.part)['x-scope']]
  const moved = [
    ...(foldVariables(path) === foldVariables(nextPath)
      ? []
      : [change('x-rest-path', toWords(path, nextPath), path !== undefined)]),
    // A client with the old scope alone is refused; without a scope no client with keys was let in.
    ...(scope === nextScope ? [] : [change('x-scope', toWords(scope, nextScope), scope !== undefined)]),
  ]
  const [tool, nextTool] = [readTool(old, next), readTool(next, old)]
  if (!tool && !nextTool) return moved
  if (!nextTool) return [...moved, change('x-mcp-tool', 'the tool was removed', true)]
  if (!tool) return [...moved, change('x-mcp-tool', 'a tool was added', false)]
  const variables = listPathVariables(next.path)
  const oldNames = new Map(listPathVariables(old.path).map((name, index) => [variables[index], name]))
  const bound = Object.entries(asRecord(asRecord(nextTool).arguments)).map(
    ([part, argument]) => [oldNames.get(part) ?? part, argument] as const,
  )
  const members = compareMembers(tool, { ...nextTool, arguments: Object.fromEntries(bound) })
  return [
    ...moved,
    ...members.map(([name, from, to]) =>
      change(`x-mcp-tool ${name}`, toWords(from, to), breaksTool(name, from, to)),
    ),
  ]
}

/** Returns the path on the REST server, which is that of the document by default; undefined where there is none. */
function readPath({ path, part }: OperationPart): unknown {
  const { 'x-rest-path': given = toRestPath(path) } = asRecord(part)
  return given === false || given === null ? undefined : given
}

/**
 * Reads the tool of an operation with its defaults, as far as nothing else tells of a change of them; undefined where
 * there is none.
 */
function readTool(one: OperationPart, other: OperationPart): object | undefined {
  const { 'x-mcp-tool': given = {}, operationId } = asRecord(one.part)
  if (given === false || given === null) return undefined
  const { name = operationId || toOperationName(one.method, one.path), ...tool } = asRecord(given)
  const others = listPathVariables(other.path)
  const further = Object.keys(readArguments(other) ?? {}).filter((part) => !others.includes(part))
  const parts = [...further, ...listPathVariables(one.path)]
  return {
    ...tool,
    name: new NameRegistry().take(String(name), ''),
    annotations: { ...hintByMethod(one.method), ...asRecord(tool.annotations) },
    arguments: readArguments(one) ?? Object.fromEntries(parts.map((part) => [part, part] as const)),
  }
}

function readArguments({ part }: OperationPart): object | undefined {
  const { arguments: given } = asRecord(asRecord(part)['x-mcp-tool'])
  return isObject(given) ? given : undefined
}

function breaksTool(name: string, from: unknown, to: unknown): boolean {
  const [group, member = ''] = name.split('.')
  if (group === 'annotations') return assurances.get(member) === from
  if (group === 'arguments') return from !== undefined
  return group === 'name' && from !== to
}

/** Lists the leaves in which two objects differ: dotted name, old value, new value. */
function compareMembers(old: unknown, next: unknown, prefix = ''): [string, unknown, unknown][] {
  const names = new Set([...Object.keys(asRecord(old)), ...Object.keys(asRecord(next))])
  return [...names].flatMap((name): [string, unknown, unknown][] => {
    const [from, to] = [asRecord(old)[name], asRecord(next)[name]]
    if ([from, to].some((value) => typeof value === 'object' && value !== null))
      return compareMembers(from, to, `${prefix}${name}.`)
    return from === to ? [] : [[`${prefix}${name}`, from, to]]
  })
}

/** The name of a path variable is not on the wire. */
function foldVariables(path: unknown): unknown {
  return typeof path === 'string' ? eraseNames(path) : path
}

function toWords(from?: unknown, to?: unknown): string {
  const quote = (value: unknown) => JSON.stringify(value)
  if (from === undefined) return `${quote(to)} was added`
  return to === undefined ? `${quote(from)} was removed` : `changed from ${quote(from)} to ${quote(to)}`
}
