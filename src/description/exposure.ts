import { asRecord } from '../document/json.ts'
import type { MergedOperation } from './description.ts'
import { NameRegistry, toOperationName } from './naming.ts'
import type { Problem } from './problem.ts'
import { completeTool, toRestPath } from './tools.ts'

/**
 * Gives each operation, by its identity, an id, a path on the REST server, and a tool, each of them its own. A capability
 * says itself what it exposes; of an OpenAPI document everything is. `null` or `false` hides from a server.
 */
export function exposeOperations(
  merged: readonly (readonly [string, MergedOperation])[],
  prefixes: ReadonlyMap<string, string>,
): { readonly operations: MergedOperation[]; readonly problems: Problem[] } {
  const problems: Problem[] = []
  const ids = new Set<string>()
  const routes = new Map<string, MergedOperation>()
  const tools = new NameRegistry()
  const operations = merged.map(([identity, one]): MergedOperation => {
    const { 'x-rest-path': _path, 'x-mcp-tool': tool, operationId: given, ...rest } = one.operation
    const operationId = toFreeId(given, one, ids)
    ids.add(operationId)
    const restPath = readRestPath(one, prefixes)
    const route = `${one.method} ${restPath?.replaceAll(/\{[^}]*\}/g, '{}')}`
    const earlier = restPath === undefined ? undefined : routes.get(route)
    if (earlier) problems.push(describeCollision(one, earlier, restPath ?? ''))
    else if (restPath !== undefined) routes.set(route, one)
    const operation = { operationId, ...rest }
    const hasTool = tool === undefined ? one.description.kind === 'openapi' : tool !== null && tool !== false
    return {
      ...one,
      operation: {
        ...operation,
        ...(restPath !== undefined && !earlier && { 'x-rest-path': restPath }),
        ...(hasTool && {
          'x-mcp-tool': completeTool({ ...one, operation }, asRecord(tool), tools, identity),
        }),
        responses: completeResponses(rest.responses),
      },
    }
  })
  return { operations, problems }
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

function describeCollision(one: MergedOperation, earlier: MergedOperation, path: string): Problem {
  const place = `${earlier.description.file}:${earlier.findLine()}`
  return {
    file: one.description.file,
    line: one.findLine(),
    message: `${one.method.toUpperCase()} ${path} is no route: it is that of ${place}; its tool is served`,
    expected: `--prefix ${one.description.name}=/…`,
    severity: 'omission',
  }
}

function toFreeId(
  given: unknown,
  { method, key, description }: MergedOperation,
  taken: ReadonlySet<string>,
): string {
  const id = typeof given === 'string' && given !== '' ? given : toOperationName(method, key)
  const candidates = [id, `${id}_${description.name}`]
  for (let count = 2; ; count += 1) {
    const free = candidates.find((candidate) => !taken.has(candidate))
    if (free !== undefined) return free
    candidates.push(`${id}_${count}`)
  }
}

/** An operation that describes no response may get any. */
function completeResponses(responses: unknown): object {
  const described = asRecord(responses)
  return Object.keys(described).length > 0 ? described : { default: { description: 'Any response.' } }
}
