import { asRecord, asText, readOwn } from './json.ts'
import { safeMethods } from './safe-methods.ts'
import { flattenText } from './single-line.ts'

/** The MCP side of an operation, from `x-mcp-tool` in the document. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  /** What is known of a call; a hint that is left out has MCP's default. */
  readonly annotations: ToolHints
  /**
   * Name of the operation's parameter, or `body`, → argument name, in the capability's order. Where two parameters share
   * a name, or one is called `body`, its key has its place: `query.id`.
   */
  readonly arguments: Readonly<Record<string, string>>
}

/** MCP's hints (`ToolAnnotations`). */
export interface ToolHints {
  readonly readOnlyHint?: boolean
  readonly destructiveHint?: boolean
  readonly idempotentHint?: boolean
  readonly openWorldHint?: boolean
}

const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const
const idempotent = new Set(['PUT', 'DELETE'])

/** Returns what a method says of a tool (RFC 9110 §9.2), in whatever case; what it cannot say is left out. */
export function hintByMethod(method: string): ToolHints {
  const name = method.toUpperCase()
  if (safeMethods.has(name)) return { readOnlyHint: true }
  return idempotent.has(name) ? { idempotentHint: true } : {}
}

/**
 * Reads `x-mcp-tool` of an operation; a hint that it does not have follows from the method, or is left out. Models read
 * the description of a tool alone, so that it begins with what the document says of the operation.
 */
export function readTool(part: unknown, method: string, isDeprecated: boolean): Tool {
  const { name, title, description, annotations, arguments: names } = asRecord(part)
  const given = asRecord(annotations)
  const known = hints.filter((hint) => typeof given[hint] === 'boolean')
  return {
    name: asText(name),
    title: flattenText(asText(title)),
    description: isDeprecated ? markDeprecated(asText(description)) : asText(description),
    annotations: {
      ...hintByMethod(method),
      ...Object.fromEntries(known.map((hint) => [hint, given[hint]])),
    },
    arguments: Object.fromEntries(
      Object.entries(asRecord(names)).map(([parameter, argument]) => [parameter, asText(argument)]),
    ),
  }
}

function markDeprecated(description: string): string {
  return /^\W*deprecated/i.test(description) ? description : `Deprecated. ${description}`.trim()
}

/** Gives the key that a parameter has among the arguments of a tool. */
export function toArgumentKey(
  tool: Pick<Tool, 'arguments'>,
  parameter: { in: string; name: string },
): string {
  const placed = `${parameter.in}.${parameter.name}`
  return Object.hasOwn(tool.arguments, placed) ? placed : parameter.name
}

/** Returns the name of the argument that stands for a parameter; undefined where none does. */
export function findArgument(
  tool: Pick<Tool, 'arguments'>,
  parameter: { in: string; name: string },
): string | undefined {
  return readOwn(tool.arguments, toArgumentKey(tool, parameter))
}
