import { covers } from '../access/authorization.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import { findCauseCode } from '../errors/cause.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { Ending, RequestRecorder, ToolCallRecord } from '../observability/requests.ts'
import { endToolSpan, startToolSpan } from '../observability/tracing.ts'
import { DeletionLimit } from '../state/deletion-limit.ts'
import type { Clock } from '../state/expiring-map.ts'
import type { CounterStore, SpendingStore } from '../state/store.ts'
import type { ToolArguments } from './arguments.ts'
import { Confirmations, type Elicitation, type Question } from './confirmation.ts'
import { RpcError, rpcCodes } from './json-rpc.ts'
import type { ToolCallParams } from './messages.ts'
import type { ToolResult } from './results.ts'
import { bindTool, type CallContext, type ToolCall, type ToolCallOptions } from './tool-call.ts'
import { offerTool, type ToolDescription } from './tool-description.ts'
import { suggestName } from './tool-selection.ts'

/** The tools of the gateway, the same for both protocol eras and both transports. */
export interface Tools {
  /** The tools that a client may call, in the document's order, without arguments for what its connection brings. */
  list(context: Pick<CallContext, 'grant' | 'credential' | 'selects'>): readonly ToolDescription[]
  /** Calls a tool. Never throws: whatever goes wrong is a result with `isError`. Undefined without such a tool. */
  call(
    name: string,
    values: ToolArguments,
    context: CallContext,
    elicitation?: Elicitation,
  ): Promise<ToolResult | Question> | undefined
}

/** What the tools need of the gateway. */
export interface ToolOptions extends ToolCallOptions {
  /** Counts deletions. */
  readonly store: CounterStore & SpendingStore
  readonly clock: Clock
  readonly recorder?: RequestRecorder | undefined
  /** Told of each call when it has ended, with its milliseconds. */
  readonly onEnd?: ((call: ToolCallRecord, milliseconds: number) => void) | undefined
}

/** Builds the tools of all operations that have one; each is described and prepared when a client first asks for it. */
export function createTools(options: ToolOptions): Tools {
  const guards = {
    confirmations: new Confirmations(options),
    deletions: new DeletionLimit(options.policy.deleteLimit, options.store),
  }
  const byName = new Map(options.operations.map((operation) => [operation.tool?.name, operation]))
  const make = (operation: CheckedOperation) => {
    const offer = offerTool(operation, options)
    const call = offer && bindTool(operation, offer, options, guards)
    return call && { offer, call: recordCalls(call, operation, options) }
  }
  const prepared = new Map<CheckedOperation, ReturnType<typeof make>>()
  const prepare = (operation: CheckedOperation) => {
    if (!prepared.has(operation)) prepared.set(operation, make(operation))
    return prepared.get(operation)
  }
  return {
    list: ({ grant, credential, selects }) =>
      options.operations.flatMap((operation) => {
        const isWanted = covers(grant, operation) && (selects?.(operation) ?? true)
        const offer = isWanted ? prepare(operation)?.offer : undefined
        if (!offer) return []
        const brought = offer.credentials.filter((one) => credential(one, operation.security))
        return [brought.length > 0 ? offer.describeWithout(brought) : offer.description]
      }),
    call(name, values, context, elicitation) {
      const operation = byName.get(name)
      if (!operation || context.selects?.(operation) === false) return undefined
      return prepare(operation)?.call(values, context, elicitation)
    },
  }
}

/** Tells the context of a call when it begins, and records the call when it has ended. */
function recordCalls(
  call: ToolCall,
  operation: CheckedOperation,
  { clock, recorder, onEnd }: ToolOptions,
): ToolCall {
  const tool = operation.tool?.name ?? ''
  return async (values, context, elicitation) => {
    const began = clock()
    const record: ToolCallRecord = { tool }
    context.onCall?.(record)
    const span = recorder?.tracing && startToolSpan(recorder.tracing, tool, context.traceparent)
    // A call without a response or an error ends with a question.
    let ending: Ending = { status: errorCatalogue.confirmation_required.status, code: undefined }
    const watching = {
      ...context,
      ...(span && { traceparent: span.traceparent }),
      onResponse(status: number) {
        ending = { status, code: undefined }
      },
      onFailure(error: GatewayError) {
        ending = { status: error.status, code: error.code }
        record.cause = findCauseCode(error)
        context.onFailure?.(error)
      },
    }
    const result = await call(values, watching, elicitation)
    const milliseconds = clock() - began
    record.ending = ending
    if (span) endToolSpan(span, ending)
    recorder?.recordRequest('mcp', operation.id, ending, milliseconds)
    onEnd?.(record, milliseconds)
    return result
  }
}

/** Calls a tool. Throws an `RpcError` that names tools where there is none of that name. */
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
  throw refuseTool(
    name,
    tools.list(context).map((one) => one.name),
  )
}

/** Names of tools that an error lists at most. */
const mostNames = 20

function refuseTool(name: string, known: readonly string[]): RpcError {
  const advice = suggestName(name, known)
  const rest = known.length > mostNames ? ` and others; tools/list has all ${known.length}` : ''
  const names = known.slice(0, mostNames).join(', ')
  return new RpcError(rpcCodes.invalidParams, `Unknown tool;${advice} the tools are ${names}${rest}`)
}
