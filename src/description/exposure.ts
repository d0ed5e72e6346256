import { asRecord } from '../document/json.ts'
import { isDecodable } from '../document/parameter-reading.ts'
import { findRepeatedVariable } from '../document/path-template.ts'
import type { DescribedOperation, MergedOperation } from './description.ts'
import { eraseNames } from './identity.ts'
import { findFreeName, NameRegistry, toOperationName } from './naming.ts'
import type { DescriptionProblem } from './problem.ts'
import { completeTool, toRestPath } from './tools.ts'

/** What is served by its route; the gateway's own document is `own`. */
type Routes = Map<string, MergedOperation | 'own'>

/**
 * Gives each operation, by its identity, an id, a path on the REST server, and a tool, each of them its own. A capability
 * says itself what it exposes; of an OpenAPI document everything is. `null` or `false` hides from a server.
 */
export function exposeOperations(
  merged: readonly (readonly [string, MergedOperation])[],
  prefixes: ReadonlyMap<string, string>,
): {
  readonly operations: MergedOperation[]
  /** The ids of the operations by their identities. */
  readonly ids: ReadonlyMap<string, string>
  readonly problems: DescriptionProblem[]
} {
  const problems: DescriptionProblem[] = []
  const taken = new Set<string>()
  const ids = new Map<string, string>()
  const routes: Routes = new Map([['get /openapi.json', 'own']])
  const tools = new NameRegistry()
  const takePath = (one: MergedOperation, path: string): string | false => {
    const unroutable = findUnroutable(one, path)
    if (unroutable) {
      problems.push(unroutable)
      return false
    }
    const earlier = routes.get(toRoute(one, path))
    const free = earlier ? toFreePath(one, path, routes) : path
    if (earlier) problems.push(describeCollision(one, earlier, path, free))
    routes.set(toRoute(one, free), one)
    return free
  }
  const operations = merged.map(([identity, one]): MergedOperation => {
    const { 'x-rest-path': _path, 'x-mcp-tool': tool, operationId: _id, ...rest } = one.operation
    const operationId = toFreeId(one, taken)
    taken.add(operationId)
    ids.set(identity, operationId)
    const path = readRestPath(one, prefixes)
    const operation = { operationId, ...rest }
    const hasTool = tool === undefined ? one.description.kind === 'openapi' : tool !== null && tool !== false
    return {
      ...one,
      operation: {
        ...operation,
        'x-rest-path': path !== undefined && takePath(one, path),
        'x-mcp-tool': hasTool && completeTool({ ...one, operation }, asRecord(tool), tools, identity),
        responses: completeResponses(rest.responses),
      },
    }
  })
  return { operations, ids, problems }
}

function readRestPath(
  { description, operation, key }: MergedOperation,
  prefixes: ReadonlyMap<string, string>,
): string | undefined {
  const isDefault = description.kind === 'openapi'
  const prefix = prefixes.get(description.name) ?? (isDefault ? prefixes.get('') : undefined) ?? ''
  const { 'x-rest-path': path = isDefault ? toRestPath(key) : undefined } = operation
  return typeof path === 'string' ? `${prefix}${path}` : undefined
}

/** The router takes an encoded delimiter (RFC 3986 §2.2) in a path for a part of a value, and `*` for any path. */
const special = /%(?:2[346abcf]|3[abdf]|40)|\*/i

/** Finds a path that the router would take for another, or lose a value of. */
function findUnroutable(one: MergedOperation, path: string): DescriptionProblem | undefined {
  const fault = findFault(path)
  if (!fault) return undefined
  const [reason, right] = fault
  return {
    file: one.description.file,
    ...one.findPosition(),
    message: `${one.method.toUpperCase()} ${path} is left out on REST: ${reason}`,
    expected: `an x-rest-path ${right}, set by an overlay`,
    severity: 'omission',
  }
}

function findFault(path: string): readonly [reason: string, right: string] | undefined {
  const literals = eraseNames(path)
  if (special.test(literals)) return ['its path has an encoded delimiter or a *', 'without one']
  if (!isDecodable(literals)) return ['its path is not percent-encoded UTF-8', 'that is']
  const repeated = findRepeatedVariable(path)
  if (repeated === undefined) return undefined
  return [`the variable {${repeated}} stands twice`, 'with a name of its own for each variable']
}

/** The router reads a path without its percent-encoding. */
function toRoute({ method }: MergedOperation, path: string): string {
  return `${method} ${decodeURI(eraseNames(path))}`
}

/** A path that is taken is offered below the name of its description. */
function toFreePath(one: MergedOperation, path: string, routes: Routes): string {
  const isFree = (prefix: string) => !routes.has(toRoute(one, `/${prefix}${path}`))
  return `/${findFreeName(one.description.name, isFree)}${path}`
}

function describeCollision(
  one: MergedOperation,
  earlier: MergedOperation | 'own',
  wanted: string,
  given: string,
): DescriptionProblem {
  const place = earlier === 'own' ? 'the gateway’s own document' : describePlace(earlier)
  return {
    file: one.description.file,
    ...one.findPosition(),
    message: `${one.method.toUpperCase()} ${wanted} is ${place}, so this one is served at ${given}`,
    expected: `--prefix ${one.description.name}=/…`,
    severity: 'warning',
  }
}

function describePlace({ description, findPosition }: MergedOperation): string {
  return `that of ${description.file}:${findPosition().line}`
}

function toFreeId(one: MergedOperation, taken: ReadonlySet<string>): string {
  const id = readOperationId(one)
  let free = taken.has(id) ? `${id}_${one.description.name}` : id
  for (let count = 2; taken.has(free); count += 1) free = `${id}_${count}`
  return free
}

/** Returns what an operation is called by its description, or by its method and path where it has no id. */
export function readOperationId({ operation, method, key }: DescribedOperation): string {
  const { operationId: given } = operation
  return typeof given === 'string' && given !== '' ? given : toOperationName(method, key)
}

/** An operation that describes no response may get any. */
function completeResponses(responses: unknown): object {
  const described = asRecord(responses)
  return Object.keys(described).length > 0 ? described : { default: { description: 'Any response.' } }
}
