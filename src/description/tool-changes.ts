import { asRecord } from '../document/json.ts'
import { eraseNames } from './identity.ts'

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
  readonly callers: 'all callers' | 'REST callers' | 'MCP callers' | 'generated clients'
}

/** An operation of a document, as far as it is an extension of ours. */
export interface RatedExtensions {
  readonly 'x-rest-path'?: unknown
  readonly 'x-mcp-tool'?: unknown
  readonly 'x-scope'?: unknown
  readonly operationId?: unknown
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

/** Without the extension an operation is a tool by its `operationId`. */
function findTool({ 'x-mcp-tool': tool, operationId }: RatedExtensions): unknown {
  return tool ?? (operationId === undefined ? undefined : { name: operationId })
}

/** Compares what an operation says of its exposed path, its scope and its tool; no library knows these members. */
export function compareExtensions(operation: string, old: RatedExtensions, next: RatedExtensions): Change[] {
  const change = (place: string, what: string, breaking: boolean): Change => ({
    breaking,
    operation,
    place,
    what,
    callers: callersOf[place] ?? 'MCP callers',
  })
  const paths = [old['x-rest-path'], next['x-rest-path']].map(foldVariables)
  const [scope, nextScope] = [old['x-scope'], next['x-scope']]
  const moved = [
    ...(paths[0] === paths[1] ? [] : [change('x-rest-path', toWords(...paths), true)]),
    // A client with the old scope alone is refused; without a scope no client with keys was let in.
    ...(scope === nextScope ? [] : [change('x-scope', toWords(scope, nextScope), scope !== undefined)]),
  ]
  const [tool, nextTool] = [findTool(old), findTool(next)]
  if (!tool && !nextTool) return moved
  if (!nextTool) return [...moved, change('x-mcp-tool', 'the tool was removed', true)]
  if (!tool) return [...moved, change('x-mcp-tool', 'a tool was added', false)]
  const members = compareMembers(tool, nextTool)
  return [
    ...moved,
    ...members.map(([name, from, to]) =>
      change(`x-mcp-tool ${name}`, toWords(from, to), breaksTool(name, from, to)),
    ),
  ]
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
