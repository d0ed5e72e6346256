import { isDeepStrictEqual } from 'node:util'
import { completeOperation } from './completion.ts'
import type { Description, MergedOperation } from './description.ts'
import { exposeOperations } from './exposure.ts'
import { identify } from './identity.ts'
import { OperationNames } from './operation-names.ts'
import type { DescriptionProblem } from './problem.ts'
import { listServerVariables, resolveServer, type ServerOptions } from './servers.ts'

/** How descriptions become one document. */
export interface MergeOptions extends ServerOptions {
  /** What stands before exposed paths, by the name of a description; `''` for all OpenAPI documents. */
  readonly prefixes: ReadonlyMap<string, string>
}

/** What the operations of descriptions came to. */
export interface MergedDescriptions {
  readonly operations: readonly MergedOperation[]
  /** The variables of their servers. */
  readonly variables: ReadonlySet<string>
  readonly problems: readonly DescriptionProblem[]
}

/**
 * Merges the operations of descriptions in their order. Equal requests to one address are one operation: the copy that
 * is named first is served, completed by an OpenAPI document where it is a capability's, and a copy that differs is
 * reported. Every operation gets a name, a path and a tool of its own; none replaces another.
 */
export function mergeOperations(
  descriptions: readonly Description[],
  options: MergeOptions,
): MergedDescriptions {
  const problems: DescriptionProblem[] = []
  const merged = new Map<string, MergedOperation>()
  const variables = new Set<string>()
  const names = new OperationNames()
  for (const description of descriptions) {
    const servers = new Map<unknown, ReturnType<typeof resolveServer>>()
    const own = new Map<string, MergedOperation>()
    for (const operation of description.operations) {
      const written = findServers(operation.operation) ?? findServers(description.document)
      const server = servers.get(written) ?? resolveServer(written, description, options)
      if (!servers.has(written) && server.problem) {
        const isOwn = findServers(operation.operation) !== undefined
        const position = isOwn ? operation.findPosition() : description.positionOf(['servers'])
        problems.push({ file: description.file, ...position, ...server.problem })
      }
      servers.set(written, server)
      for (const variable of listServerVariables(written)) variables.add(variable)
      const one = { ...operation, description, ...(server.url !== undefined && { baseUrl: server.url }) }
      const identity = identify(one, server.url ?? '')
      const earlier = merged.get(identity)
      const free = !earlier && own.has(identity) ? `${identity} ${own.size}` : identity
      names.add(description, operation, free)
      if (earlier) {
        const difference = describeDifference(earlier, one)
        if (difference) problems.push(difference)
        if (earlier.description.kind === 'capability' && description.kind === 'openapi')
          merged.set(identity, { ...earlier, ...completeOperation(earlier, one) })
      } else own.set(free, one)
    }
    for (const [identity, one] of own) merged.set(identity, one)
  }
  const exposed = exposeOperations([...merged.entries()], options.prefixes)
  const operations = exposed.operations.map((one) => names.lead(one, exposed.ids))
  return { operations, variables, problems: [...problems, ...exposed.problems] }
}

/** Returns what a part says of its address: an `x-base-url` is a server like any other, with the same checks. */
function findServers({ servers, 'x-base-url': url }: Readonly<Record<string, unknown>>): unknown {
  return url ?? servers
}

function describeDifference(earlier: MergedOperation, one: MergedOperation): DescriptionProblem | undefined {
  const { content } = one.description
  // The credentials of a copy have names of their own.
  if (content !== undefined && content === earlier.description.content) return undefined
  const strip = ({ operation }: MergedOperation) => {
    const { operationId: _id, tags: _tags, 'x-rest-path': _path, 'x-mcp-tool': _tool, ...rest } = operation
    return rest
  }
  if (isDeepStrictEqual(strip(earlier), strip(one))) return undefined
  const name = `${one.method.toUpperCase()} ${one.key}`
  return {
    file: one.description.file,
    ...one.findPosition(),
    message: `${name} is described otherwise than in ${earlier.description.file}:${earlier.findPosition().line}, which is served`,
    expected: 'one description of it, or the better one named first',
    severity: 'warning',
  }
}
