import type { OperationFacts, Surface } from './requirements.ts'
import type { CallArguments, Verdict } from './verdict.ts'

/** One way into a gateway: REST, or MCP in one era. */
export interface Door {
  readonly surface: Exclude<Surface, 'upstream'>
  /** `REST`, `MCP 2025-11-25`. */
  readonly name: string
  /** Where it is. */
  readonly url: string
  /** Calls an operation. Never throws. */
  call(operation: OperationFacts, values: CallArguments): Promise<Verdict>
  close(): Promise<void>
}
