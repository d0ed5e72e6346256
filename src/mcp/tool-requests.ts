import { isObject } from '../document/json.ts'
import type { ToolArguments } from './arguments.ts'
import type { Elicitation, Question } from './confirmation.ts'
import { RpcError, rpcCodes } from './json-rpc.ts'
import type { ToolResult } from './results.ts'
import type { CallContext, Tools } from './tools.ts'

/** What `tools/call` asks for. */
export interface ToolCallParams {
  readonly name: string
  readonly values: ToolArguments
}

/** Reads the parameters of `tools/call`. Throws an `RpcError` for those that name no tool or bring no arguments. */
export function readCallParams(params: unknown): ToolCallParams {
  const { name, arguments: values = {} } = isObject(params) ? params : {}
  if (typeof name !== 'string') throw new RpcError(rpcCodes.invalidParams, 'The call names no tool')
  if (!isObject(values)) throw new RpcError(rpcCodes.invalidParams, 'The arguments of a call are one object')
  return { name, values }
}

/** Reads the parameters of `tools/list`, of which there are none. Throws an `RpcError` for a cursor. */
export function readListParams(params: unknown): void {
  if (isObject(params) && params.cursor !== undefined)
    throw new RpcError(rpcCodes.invalidParams, 'Unknown cursor; the list has one page')
}

/** Calls a tool. Throws an `RpcError` that lists the tools where there is none of that name. */
export function callTool(
  tools: Tools,
  { name, values }: ToolCallParams,
  context: CallContext,
  elicitation: Elicitation | undefined,
): Promise<ToolResult | Question> {
  const result = tools.call(name, values, context, elicitation)
  if (result) return result
  const known = tools.list(context).map((one) => one.name)
  throw new RpcError(rpcCodes.invalidParams, `Unknown tool; the tools are ${known.join(', ')}`)
}
