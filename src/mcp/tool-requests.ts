import { isObject } from '../document/json.ts'
import type { Elicitation } from './confirmation.ts'
import { RpcError, rpcCodes } from './era.ts'
import type { CallContext, Tools } from './tools.ts'

/**
 * Answers `tools/list` and `tools/call`, the two requests whose answers are the gateway's own, in either era.
 * Throws an `RpcError` for any other method, a malformed call and a tool that does not exist.
 */
export function answerToolRequest(
  tools: Tools,
  method: string,
  params: unknown,
  context: CallContext,
  elicitation?: Elicitation,
): object | Promise<object> {
  const { name, arguments: values = {}, cursor } = Object(params)
  if (method === 'tools/list') {
    if (cursor !== undefined)
      throw new RpcError(rpcCodes.invalidParams, 'Unknown cursor; the list has one page')
    return { tools: tools.list(context.grant) }
  }
  if (method !== 'tools/call') throw new RpcError(rpcCodes.methodNotFound, 'Method not found')
  if (typeof name !== 'string') throw new RpcError(rpcCodes.invalidParams, 'The call names no tool')
  if (!isObject(values)) throw new RpcError(rpcCodes.invalidParams, 'The arguments of a call are one object')
  const result = tools.call(name, values, context, elicitation)
  if (result === undefined) {
    const known = tools
      .list(context.grant)
      .map((one) => one.name)
      .join(', ')
    throw new RpcError(rpcCodes.invalidParams, `Unknown tool; the tools are ${known}`)
  }
  return result
}
