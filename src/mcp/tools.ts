import { covers } from '../access/authorization.ts'
import { asRecord } from '../document/json.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import { findCauseCode } from '../errors/cause.ts'
import { type GatewayError, isErrorCode } from '../errors/gateway-error.ts'
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
import { type Offer, offerTool, type ToolDescription } from './tool-description.ts'
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

interface PreparedTool {
  readonly offer: Offer
  readonly call: ToolCall
}

/** Builds the tools of all operations that have one; each is described and prepared when a client first asks for it. */
export function createTools(options: ToolOptions): Tools {
  const guards = {
    confirmations: new Confirmations(options),
    deletions: new DeletionLimit(options.policy.deleteLimit, options.store),
  }
  const byName = new Map(options.operations.map((operation) => [operation.tool?.name, operation]))
  const prepared = new Map<CheckedOperation, PreparedTool | undefined>()
  const createCall = (operation: CheckedOperation, offer: Offer) =>
    recordCalls(bindTool(operation, offer, options, guards), operation, options)
  const prepare = (operation: CheckedOperation) => {
    if (!prepared.has(operation)) {
      const offer = offerTool(operation, options)
      prepared.set(operation, offer && { offer, call: createCall(operation, offer) })
    }
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
    const traced = span ? { ...context, traceparent: span.traceparent } : context
    const onFailure = (error: GatewayError) => {
      record.cause = findCauseCode(error)
    }
    let status = operation.success.status
    const onResponse = (one: number) => {
      status = one
    }
    // Where a request tells of the call, it is told of the cause itself.
    const watching = { ...traced, onResponse, ...(onEnd && { onFailure }) }
    const result = await call(values, watching, elicitation)
    record.ending = readEnding(result, status)
    const milliseconds = clock() - began
    if (span) endToolSpan(span, record.ending)
    recorder?.recordRequest('mcp', operation.id, record.ending, milliseconds)
    onEnd?.(record, milliseconds)
    return result
  }
}

/** Reads how a call ended: by the status of the response, or with an error of the gateway as its result says it. */
function readEnding(result: ToolResult | Question, responded: number): Ending {
  if (!('content' in result)) return { status: errorCatalogue.confirmation_required.status, code: undefined }
  if (!result.isError) return { status: responded, code: undefined }
  const { status, type, code } = asRecord(result.structuredContent.error)
  const own = typeof type === 'string' && isErrorCode(code)
  return { status: Number(status), code: own ? code : undefined }
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
