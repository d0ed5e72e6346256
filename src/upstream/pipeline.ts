import { findBan, findRefusal, type Grant, openGrant, type Policy } from '../access/authorization.ts'
import type { CallInput, CheckedOperation } from '../document/validation.ts'
import { refuseArguments, type Violation } from '../errors/gateway-error.ts'
import type { Identity } from '../state/fingerprint.ts'
import { type ConfiguredCredentials, createPinCheck, findCredentials, toIdentity } from './credentials.ts'
import { refuseWithoutCredentials } from './missing-credentials.ts'
import type { CheckedCall } from './request.ts'

/** A request of a client, read as the arguments of an operation. */
export interface BoundInput {
  readonly input: CallInput
  /** What showed to be wrong while it was read. */
  readonly violations: readonly Violation[]
}

/** A call on its way through the steps; what differs between the servers is in here. */
export interface PipelineCall<Result> {
  readonly grant: Grant
  /** Whether the first step that refuses ends the call, or what arguments and credentials lack is told together. */
  readonly report: 'first' | 'all'
  readonly bind: () => BoundInput
  /** Names the place of a violation as the client knows it. */
  readonly locate?: (violation: Violation) => Violation
  /** Asks for a confirmation; a result ends the call. */
  readonly confirm?: ((identity: Identity) => Promise<Result | undefined>) | undefined
  /** Counts the call by the credentials that it goes upstream with. Rejects with `rate_limited`. */
  readonly limit?: ((identity: Identity) => Promise<void>) | undefined
  readonly send: (call: CheckedCall) => Promise<Result>
}

/** The steps of every call of an operation, on both servers. */
export interface Pipeline {
  /** Throws `deletion_disabled` or `insufficient_scope`; the REST server asks before it reads a body. */
  authorize(grant: Grant): void
  /** Takes a call through all steps. Rejects with the `GatewayError` of the step that refuses it. */
  run<Result>(call: PipelineCall<Result>): Promise<Result>
}

/** What the pipelines of a gateway depend on. */
export interface PipelineOptions {
  readonly policy: Policy
  readonly configured: ConfiguredCredentials
}

/** Creates the pipeline of an operation. */
export function createPipeline(
  operation: CheckedOperation,
  { policy, configured }: PipelineOptions,
): Pipeline {
  const checkPins = createPinCheck(operation, configured)
  const isBanned = findBan(operation, policy) !== undefined
  const authorize = (grant: Grant) => {
    if (grant === openGrant && !isBanned) return
    const refusal = findRefusal(operation, policy, grant)
    if (refusal) throw refusal
  }
  return {
    authorize,
    async run({ grant, report, bind, locate, confirm, limit, send }) {
      authorize(grant)

      const { input, violations: unreadable } = bind()

      const credentials = findCredentials(operation, input, configured)
      const missing = credentials ? undefined : refuseWithoutCredentials(operation, configured)
      if (missing && report === 'first') throw missing

      const invalid = operation.validate(input)
      const violations = [...unreadable, ...(locate ? invalid.map(locate) : invalid)]
      if (violations.length > 0) throw refuseArguments(violations, missing)
      if (!credentials) throw missing
      checkPins(input)

      const question = confirm && (await confirm(toIdentity(credentials)))
      if (question !== undefined) return question
      if (limit) await limit(toIdentity(credentials))

      return send({ input, credentials, principal: grant.caller })
    },
  }
}
