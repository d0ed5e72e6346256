import type { CallResult } from './call-result.ts'
import type { Lifecycle, Step } from './lifecycle.ts'
import type { OperationFacts, Requirement, Requirements, Surface } from './requirements.ts'
import type { ServerClient } from './server-client.ts'
import type { Target } from './target.ts'
import type { MakeArguments } from './valid-arguments.ts'

/** One way in which a target does not meet a requirement. */
export interface Finding {
  readonly target: string
  readonly requirement: string
  /** Name of the operation, or `gateway`. */
  readonly operation: string
  readonly surface: Surface
  /** `REST`, `MCP 2025-11-25`, `Cal.com`. */
  readonly server: string
  /** The argument, or the member of the response (`error.understood` puts the error's name before it). */
  readonly field: string
  /** The sentence of the requirement. */
  readonly rule: string
  readonly message: string
}

/** What a check works with. */
export interface Context {
  readonly requirements: Requirements
  readonly requirement: Requirement
  /** The operation; for what the gateway as a whole promises, the first one. */
  readonly operation: OperationFacts
  /** The server under test; on the surface `upstream`, the upstream itself. */
  readonly server: ServerClient
  readonly target: Target
  readonly makeArguments: MakeArguments
  /** Returns the result of a valid call: the lifecycle's where the target has memory. */
  callValid(): Promise<CallResult>
  /** Returns the lifecycle of users through the server under test. */
  observe(): Promise<Lifecycle>
  /** Reports a finding for each member that differs; returns whether both are deeply equal. */
  expectEqual(field: string, actual: unknown, expected: unknown): boolean
  /** Reports a finding. */
  fail(field: string, message: string): void
}

/** Checks one requirement on one operation and one server; reports what it finds to the context. */
export type Check = (context: Context) => Promise<void>

/** Thrown by a check that could not be made; its message says why. */
export class NotTested extends Error {}

/** Returns a step of the lifecycle. Throws `NotTested` when an earlier step gave nothing to make it with. */
export async function findStep({ observe }: Context, name: string): Promise<Step> {
  const { steps } = await observe()
  const step = steps.get(name)
  if (!step) throw new NotTested(`an earlier call of the lifecycle failed, so that "${name}" was left out`)
  return step
}
