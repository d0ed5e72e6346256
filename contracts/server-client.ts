import type { CallArguments, CallResult } from './call-result.ts'
import type { OperationFacts, Surface } from './requirements.ts'

/** One way into a gateway: REST, or MCP in one era. */
export interface ServerClient {
  readonly surface: Exclude<Surface, 'upstream'>
  /** `REST`, `MCP 2025-11-25`. */
  readonly name: string
  /** Where it is. */
  readonly url: string
  /** Calls an operation. Never throws. */
  call(operation: OperationFacts, values: CallArguments): Promise<CallResult>
  close(): Promise<void>
}
