import type { CallArguments, CallResult } from './call-result.ts'
import type { OperationFacts, Surface } from './requirements.ts'

/** One way into a gateway: REST, or MCP in one era. */
export interface ServerClient {
  readonly surface: Surface
  /** `REST`, `MCP 2025-11-25`. */
  readonly name: string
  /** Where it is. */
  readonly url: string
  /** Headers of every request, as the key of a gateway that asks for one. */
  readonly headers: Readonly<Record<string, string>>
  /** Calls an operation. Never throws. */
  call(operation: OperationFacts, values: CallArguments): Promise<CallResult>
  close(): Promise<void>
}
