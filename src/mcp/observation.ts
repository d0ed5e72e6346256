import { asRecord } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import { isErrorCode } from '../errors/gateway-error.ts'
import type { Ending, RequestRecorder, ToolCallRecord } from '../observability/request-log.ts'
import type { Clock } from '../state/expiring-map.ts'
import type { Question } from './confirmation.ts'
import type { ToolResult } from './results.ts'
import type { Tools } from './tools.ts'

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
      const result = tools.call(name, values, context, elicitation)
      const operation = known.get(name)
      if (!result || !operation) return result
      const record: ToolCallRecord = { tool: name }
      context.onCall?.(record)
      return result.then((one) => {
        record.ending = readEnding(one, operation)
        const milliseconds = clock() - began
        recorder?.recordRequest('mcp', operation.id, record.ending, milliseconds)
        onEnd?.(record, milliseconds)
        return one
      })
    },
  }
}

/** How a call ended, as its result says it: by the status of the answer, or with an error of the gateway. */
function readEnding(result: ToolResult | Question, { success }: Operation): Ending {
  if (!('content' in result)) return { status: errorCatalogue.confirmation_required.status, code: undefined }
  if (!result.isError) return { status: success.status, code: undefined }
  const { status, type, code } = asRecord(result.structuredContent.error)
  const own = typeof type === 'string' && isErrorCode(code)
  return { status: Number(status), code: own ? code : undefined }
}
