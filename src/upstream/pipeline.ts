import type { Grant } from '../access/grant.ts'
import { findRefusal, type Policy } from '../access/policy.ts'
import type { Operation } from '../document/operations.ts'
import type { CallInput, CheckedOperation } from '../document/validation.ts'
import { GatewayError, type Violation } from '../errors/gateway-error.ts'
import {
  checkClient,
  type HeldCredentials,
  hasCredentials,
  refuseWithoutCredentials,
  toCredentialHeaders,
} from './credentials.ts'

/** A request of a client, read as the arguments of an operation. */
export interface BoundInput {
  readonly input: CallInput
  /** What showed to be wrong while it was read. */
  readonly violations: readonly Violation[]
}

/** The headers that authenticate a call upstream, by lower-case names. */
type CredentialHeaders = Readonly<Record<string, string>>

/** A call on its way through the steps; what differs between the servers is in here. */
export interface PipelineCall<Result> {
  readonly operation: CheckedOperation
  readonly grant: Grant
  /** Whether the first step that refuses ends the call, or what arguments and credentials lack is told together. */
  readonly report: 'first' | 'all'
  readonly bind: () => BoundInput
  /** Names the place of a violation as the client knows it. */
  readonly locate?: (violation: Violation) => Violation
  /** Asks for a confirmation; a result ends the call. */
  readonly confirm?: ((credentials: CredentialHeaders) => Promise<Result | undefined>) | undefined
  /** Counts the call by the credentials that it goes upstream with. Rejects with `rate_limited`. */
  readonly limit?: (credentials: CredentialHeaders) => Promise<void>
  readonly send: (input: CallInput) => Promise<Result>
}

/** The steps of every call, on both servers. */
export interface Pipeline {
  /** Throws `deletion_disabled` or `insufficient_scope`; the REST server asks before it reads a body. */
  authorize(operation: Operation, grant: Grant): void
  /** Takes a call through all steps. Rejects with the `GatewayError` of the step that refuses it. */
  run<Result>(call: PipelineCall<Result>): Promise<Result>
}

/** Creates the pipeline of a gateway with this policy and these configured credentials. */
export function createPipeline(policy: Policy, held: HeldCredentials): Pipeline {
  return {
    authorize(operation, grant) {
      const refusal = findRefusal(operation, policy, grant)
      if (refusal) throw refusal
    },
    async run({ operation, grant, report, bind, locate, confirm, limit, send }) {
      this.authorize(operation, grant)

      const { input, violations: unreadable } = bind()

      const missing = hasCredentials(operation, input, held) ? undefined : refuseWithoutCredentials(operation)
      if (missing && report === 'first') throw missing

      const invalid = operation.validate(input)
      const violations = [...unreadable, ...(locate ? invalid.map(locate) : invalid)]
      if (violations.length > 0) throw refuseArguments(violations, missing)
      if (missing) throw missing
      checkClient(operation, input, held)

      const credentials = confirm || limit ? toCredentialHeaders(operation, input, held) : {}
      const question = await confirm?.(credentials)
      if (question !== undefined) return question
      await limit?.(credentials)

      return send(input)
    },
  }
}

/** The cause is what the call lacks beside. */
function refuseArguments(violations: readonly Violation[], cause: GatewayError | undefined): GatewayError {
  const detail = violations.map(({ location, message }) => `${location} ${message}`).join('; ')
  return new GatewayError('invalid_argument', { detail, violations, cause })
}
