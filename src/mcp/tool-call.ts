import type { Grant } from '../access/authorization.ts'
import { holds } from '../document/exact-numbers.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { findUnwritableNumbers } from '../document/violations.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { CallCounter } from '../http/rate-limit.ts'
import type { ToolCallRecord } from '../observability/requests.ts'
import type { DeletionLimit } from '../state/deletion-limit.ts'
import type { Fingerprint } from '../state/fingerprint.ts'
import type { ClientConnection } from '../upstream/call.ts'
import type { UpstreamClient } from '../upstream/client.ts'
import { findDefaults, listPrefixes, listSecretParts } from '../upstream/credentials.ts'
import { createPipeline } from '../upstream/pipeline.ts'
import { redactNames } from '../upstream/secret-search.ts'
import {
  type CredentialSource,
  createArgumentBinder,
  listArgumentSecrets,
  locateByArgument,
  type ToolArguments,
} from './arguments.ts'
import { type Confirmations, type Elicitation, nameConfirmation, type Question } from './confirmation.ts'
import { findFailure, toCallRefusal } from './failures.ts'
import { selectByStatus, toSelectedResult } from './response-selection.ts'
import { type ToolResult, toResult } from './results.ts'
import { isOffered, type Offer, type OfferOptions } from './tool-description.ts'
import type { OperationFilter } from './tool-selection.ts'

/** What a call comes with beside its arguments. */
export interface CallContext {
  readonly credential: CredentialSource
  /** Lists the secrets that the connection brings and those that the operator configured: no refusal repeats them. */
  readonly listSecrets: () => readonly string[]
  /** What the client may do. */
  readonly grant: Grant
  /** The operations that the client wants as tools, of those it may call; all of them without. */
  readonly selects?: OperationFilter | undefined
  /** Fires when the client has disconnected; only reads are given up for it. */
  readonly signal?: AbortSignal | undefined
  /** Tells whether the response arrived; that of a write is kept when it did not. */
  readonly connection?: ClientConnection | undefined
  /** Names the request in the log; a report of a failure needs it. */
  readonly requestId?: string | undefined
  /** The trace that the call is a part of, as it goes upstream. */
  readonly traceparent?: string | undefined
  /** Told of each call when it begins. */
  readonly onCall?: ((call: ToolCallRecord) => void) | undefined
  /** Called with the status of the response that becomes the result. */
  readonly onResponse?: ((status: number) => void) | undefined
  /** Called with the error that becomes the result. */
  readonly onFailure?: ((error: GatewayError) => void) | undefined
  /** Counts a call by the credentials that it goes upstream with. Rejects with `rate_limited`. */
  readonly countCall?: CallCounter | undefined
}

/** What the calls of tools need of the gateway. */
export interface ToolCallOptions extends OfferOptions {
  readonly operations: readonly CheckedOperation[]
  readonly client: UpstreamClient
  /** Name of the upstream as a reader knows it. */
  readonly upstreamName: string
  /** Names clients. */
  readonly fingerprint: Fingerprint
  /** Told of an error that nobody foresaw, so that it can be logged. */
  readonly onUnexpectedError: (error: unknown, requestId: string | undefined) => void
}

/** Calls a tool. Never rejects: whatever goes wrong is a result with `isError`. */
export type ToolCall = (
  values: ToolArguments,
  context: CallContext,
  elicitation: Elicitation | undefined,
) => Promise<ToolResult | Question>

/** What all tools share to guard deletions. */
export interface Guards {
  readonly confirmations: Confirmations
  readonly deletions: DeletionLimit
}

/** Prepares the calls of an operation's tool. */
export function bindTool(
  operation: CheckedOperation,
  offer: Offer,
  options: ToolCallOptions,
  guards: Guards,
): ToolCall {
  const { tool, advice, needsConfirmation } = offer
  const { configured, fingerprint } = options
  const confirmation = nameConfirmation(tool)
  const pipeline = createPipeline(operation, options)
  const bind = createArgumentBinder(operation, tool, findDefaults(operation, configured))
  // JSON is sent with the numbers as they were written, and checked with the nearest that JavaScript has, as on REST.
  const jsonBody = operation.body?.content[0]?.kind === 'json' ? tool.arguments.body : undefined
  return (all, context, elicitation) => {
    const { grant, signal, connection, traceparent, requestId } = context
    const values = needsConfirmation ? omit(all, confirmation) : all
    const listSecrets = () => {
      const prefixes = listPrefixes(operation.security)
      const own = listArgumentSecrets(operation, tool, all)
      return [...context.listSecrets(), ...own.flatMap((one) => listSecretParts(one, prefixes))]
    }
    let exactBody: unknown
    const call = pipeline.run<ToolResult | Question>({
      grant,
      // A model corrects everything in one go.
      report: 'all',
      bind() {
        const bound = bind(values, context.credential)
        if (!holds(values, JSON.isRawJSON)) return bound
        const inexact = findUnwritableNumbers(jsonBody === undefined ? values : omit(values, jsonBody))
        if (inexact.length > 0) throw new GatewayError('invalid_argument', { violations: inexact })
        const { body } = bound.input
        if (jsonBody === undefined || body === undefined) return bound
        exactBody = body
        const rounded: unknown = JSON.parse(JSON.stringify(exactBody))
        return { ...bound, input: { ...bound.input, body: rounded } }
      },
      locate: (violation) => locateByArgument(operation, tool, violation),
      confirm: needsConfirmation
        ? (identity) => {
            const client = fingerprint.nameClient(identity, grant.caller)
            const confirmed = { operation, tool, values: all, client, listSecrets }
            return guards.confirmations.check(confirmed, elicitation)
          }
        : undefined,
      async limit(identity) {
        await context.countCall?.(identity)
        if (operation.method === 'DELETE')
          await guards.deletions.take(fingerprint.nameLimited(grant.caller, identity))
      },
      async send({ input, ...checked }) {
        const call = { ...checked, signal, connection, traceparent, isCut: offer.select !== undefined }
        const response = await options.client.call(
          operation,
          exactBody === undefined ? input : { ...input, body: exactBody },
          call,
        )
        context.onResponse?.(response.status)
        const { select: selectSuccess } = offer
        const isOther = response.status !== operation.success.status
        const select =
          selectSuccess && isOther ? selectByStatus(operation, response.status, selectSuccess) : selectSuccess
        // JSON below 300 is the API's own.
        const isSuccess = response.status < 300 && response.data !== undefined
        const failure = isSuccess
          ? undefined
          : findFailure(response, operation, options, select !== undefined, (one) =>
              isOffered(one, options.policy, context),
            )
        if (failure) return failure
        if (select && response.body.length > 0) return toSelectedResult(response, operation, select)
        return toResult(response, operation, select)
      },
    })
    const toKnown = (error: unknown): GatewayError => {
      if (error instanceof GatewayError) return error
      options.onUnexpectedError(error, requestId)
      const detail = requestId === undefined ? undefined : `The request id is ${requestId}.`
      return new GatewayError('internal_error', { detail })
    }
    return call.catch((error: unknown) => {
      const known = toKnown(error)
      context.onFailure?.(known)
      return toCallRefusal(redactNames(known, listSecrets()), advice)
    })
  }
}

function omit(values: ToolArguments, name: string): ToolArguments {
  const { [name]: _, ...others } = values
  return others
}
