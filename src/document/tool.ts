import { asRecord, asText } from './json.ts'

/** The MCP side of an operation, from `x-mcp-tool` in the document. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  /** The capability's hints and `openWorld`, under their MCP annotation names. */
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint: boolean
    readonly idempotentHint: boolean
    readonly openWorldHint: boolean
  }
  /**
   * Name of the operation's parameter, or `body`, → argument name, in the capability's order. Where two parameters share
   * a name, or one is called `body`, its key has its place: `query.id`.
   */
  readonly arguments: Readonly<Record<string, string>>
}

/** Reads `x-mcp-tool`. A hint that is missing means what MCP takes it to mean: the tool may do anything. */
export function readTool(part: unknown): Tool {
  const { name, title, description, annotations, arguments: names } = asRecord(part)
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = asRecord(annotations)
  return {
    name: asText(name),
    title: asText(title),
    description: asText(description),
    annotations: {
      readOnlyHint: readOnlyHint === true,
      destructiveHint: destructiveHint !== false,
      idempotentHint: idempotentHint === true,
      openWorldHint: openWorldHint !== false,
    },
    arguments: Object.fromEntries(
      Object.entries(asRecord(names)).map(([parameter, argument]) => [parameter, asText(argument)]),
    ),
  }
}

/** Gives the key that a parameter has among the arguments of a tool. */
export function toArgumentKey(
  tool: Pick<Tool, 'arguments'>,
  parameter: { in: string; name: string },
): string {
  const placed = `${parameter.in}.${parameter.name}`
  return Object.hasOwn(tool.arguments, placed) ? placed : parameter.name
}
