import { asRecord, isObject } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import { findCauseCode } from '../errors/cause.ts'
import { type GatewayError, isErrorCode } from '../errors/gateway-error.ts'
import {
  type Ending,
  type RequestRecorder,
  readTraceparent,
  type ToolCallRecord,
} from '../observability/requests.ts'
import { endToolSpan, startToolSpan } from '../observability/tracing.ts'
import type { Clock } from '../state/expiring-map.ts'
import type { ToolArguments } from './arguments.ts'
import type { Elicitation, Question } from './confirmation.ts'
import { RpcError, rpcCodes } from './json-rpc.ts'
import type { ToolResult } from './results.ts'
import type { CallContext, Tools } from './tools.ts'

/** What `tools/call` asks for. */
export interface ToolCallParams {
  readonly name: string
  readonly values: ToolArguments
  /** The trace that the client makes the call a part of, in `_meta` (MCP, "_meta"). */
  readonly traceparent?: string | undefined
}

/** Reads the parameters of `tools/call`. Throws an `RpcError` for those that name no tool or bring no arguments. */
export function readCallParams(params: unknown): ToolCallParams {
  const { name, arguments: values = {} } = isObject(params) ? params : {}
  if (typeof name !== 'string') throw new RpcError(rpcCodes.invalidParams, 'The call names no tool')
  if (!isObject(values)) throw new RpcError(rpcCodes.invalidParams, 'The arguments of a call are one object')
  return { name, values, traceparent: readMetaTraceparent(params) }
}

/** Reads the `traceparent` of a message's `_meta`; undefined for one that is not valid. */
export function readMetaTraceparent(params: unknown): string | undefined {
  const { _meta } = isObject(params) ? params : {}
  return isObject(_meta) ? readTraceparent(_meta.traceparent)?.traceparent : undefined
}

/** Reads the parameters of `tools/list`, of which there are none. Throws an `RpcError` for a cursor. */
export function readListParams(params: unknown): void {
  if (isObject(params) && params.cursor !== undefined)
    throw new RpcError(rpcCodes.invalidParams, 'Unknown cursor; the list has one page')
}

/** Calls a tool. Throws an `RpcError` that lists the tools where there is none of that name. */
export function callTool(
  tools: Tools,
  { name, values, traceparent }: ToolCallParams,
  context: CallContext,
  elicitation: Elicitation | undefined,
): Promise<ToolResult | Question> {
  // What the call says of its trace is more exact than what its request says.
  const own = traceparent === undefined ? context : { ...context, traceparent }
  const result = tools.call(name, values, own, elicitation)
  if (result) return result
  const known = tools.list(context).map((one) => one.name)
  throw new RpcError(rpcCodes.invalidParams, `Unknown tool; the tools are ${known.join(', ')}`)
}

/** What the observation of tool calls depends on. */
export interface ObservationOptions {
  readonly operations: readonly Operation[]
  readonly clock: Clock
  readonly recorder?: RequestRecorder | undefined
  /** Told of each call when it has ended, with its milliseconds. */
  readonly onEnd?: ((call: ToolCallRecord, milliseconds: number) => void) | undefined
}

/** The same tools, each call of which is told to its context when it begins, and recorded when it has ended. */
export function observeTools(tools: Tools, options: ObservationOptions): Tools {
  const { operations, clock, recorder, onEnd } = options
  const known = new Map(operations.map((operation) => [operation.tool?.name, operation]))
  return {
    list: tools.list,
    call(name, values, context, elicitation) {
      const began = clock()
      const operation = known.get(name)
      const span =
        operation && recorder?.tracing && startToolSpan(recorder.tracing, name, context.traceparent)
      const traced = span ? { ...context, traceparent: span.traceparent } : context
      const record: ToolCallRecord = { tool: name }
      const onFailure = (error: GatewayError) => {
        record.cause = findCauseCode(error)
      }
      // Where a request tells of the call, it is told of the cause itself.
      const result = tools.call(name, values, onEnd ? { ...traced, onFailure } : traced, elicitation)
      if (!result || !operation) return result
      context.onCall?.(record)
      return result.then((one) => {
        record.ending = readEnding(one, operation)
        const milliseconds = clock() - began
        if (span) endToolSpan(span, record.ending)
        recorder?.recordRequest('mcp', operation.id, record.ending, milliseconds)
        onEnd?.(record, milliseconds)
        return one
      })
    },
  }
}

/** How a call ended, as its result says it: by the status of the response, or with an error of the gateway. */
function readEnding(result: ToolResult | Question, { success }: Operation): Ending {
  if (!('content' in result)) return { status: errorCatalogue.confirmation_required.status, code: undefined }
  if (!result.isError) return { status: success.status, code: undefined }
  const { status, type, code } = asRecord(result.structuredContent.error)
  const own = typeof type === 'string' && isErrorCode(code)
  return { status: Number(status), code: own ? code : undefined }
}
