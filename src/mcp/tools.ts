import { covers, type Grant, refuseScope } from '../access/grant.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { GatewayError, type Violation } from '../errors/gateway-error.ts'
import type { ToolCallRecord } from '../observability/request-log.ts'
import { DeletionLimit } from '../state/deletion-limit.ts'
import type { Clock } from '../state/expiring-map.ts'
import { Fingerprint } from '../state/fingerprint.ts'
import type { CounterStore } from '../state/store.ts'
import { readRetryAfter } from '../upstream/back-off.ts'
import type { UpstreamClient } from '../upstream/client.ts'
import type { ClientConnection } from '../upstream/client-connection.ts'
import { checkClient, findDefaults, hasCredentials, toCredentialHeaders } from '../upstream/credentials.ts'
import { bindArguments, type CredentialSource, locateByArgument, type ToolArguments } from './arguments.ts'
import { Confirmations, confirmation, type Elicitation, type Question } from './confirmation.ts'
import { adviseNextStep } from './next-step.ts'
import { type ToolResult, toFailure, toRefusal, toResult } from './results.ts'
import { type Offer, type OfferOptions, offerTool, type ToolDescription } from './tool-description.ts'

/** What a call comes with beside its arguments. */
export interface CallContext {
  readonly credential: CredentialSource
  /** What the caller may do. */
  readonly grant: Grant
  /** Fires when the caller has gone; only reads are given up for it. */
  readonly signal?: AbortSignal | undefined
  /** Tells whether the answer arrived; that of a write is kept when it did not. */
  readonly connection?: ClientConnection | undefined
  /** Names the request in the log; whoever reports a failure needs it. */
  readonly requestId?: string | undefined
  /** The trace that the call is a part of, as it goes upstream. */
  readonly traceparent?: string | undefined
  /** Told of each call when it begins. */
  readonly onCall?: ((call: ToolCallRecord) => void) | undefined
  /** Counts a call by the credential headers that it goes upstream with. Rejects with `rate_limited`. */
  readonly countCall?: ((credentials: Readonly<Record<string, string>>) => Promise<void>) | undefined
}

/** The tools of the gateway, the same for both protocol eras and both transports. */
export interface Tools {
  /** The tools that a caller may call, in the document's order. */
  list(grant: Grant): readonly ToolDescription[]
  /** Calls a tool. Never throws: whatever goes wrong is a result with `isError`. Undefined without such a tool. */
  call(
    name: string,
    values: ToolArguments,
    context: CallContext,
    elicitation?: Elicitation,
  ): Promise<ToolResult | Question> | undefined
}

/** What the tools need of the gateway. */
export interface ToolOptions extends OfferOptions {
  readonly operations: readonly CheckedOperation[]
  readonly client: UpstreamClient
  /** Name of the upstream as a reader knows it. */
  readonly upstreamName: string
  /** Random bytes, of this process alone. */
  readonly key: Uint8Array
  /** Counts deletions. */
  readonly store: CounterStore
  readonly clock: Clock
  /** Told of an error that nobody foresaw, so that it can be logged. */
  readonly onUnexpectedError: (error: unknown, requestId: string | undefined) => void
}

type ToolCall = (
  values: ToolArguments,
  context: CallContext,
  elicitation: Elicitation | undefined,
) => Promise<ToolResult | Question>

/** Builds the tools of all operations that have one. */
export function createTools(options: ToolOptions): Tools {
  const offers = options.operations.flatMap((operation) => {
    const offer = offerTool(operation, options)
    return offer ? [{ operation, offer }] : []
  })
  const guards = {
    confirmations: new Confirmations(options),
    deletions: new DeletionLimit(options.policy.deleteLimit, options.store),
  }
  const calls = new Map(
    offers.map(({ operation, offer }) => [offer.tool.name, bindTool(operation, offer, options, guards)]),
  )
  const all = offers.map(({ offer }) => offer.description)
  return {
    list: (grant) =>
      grant.scopes === 'all'
        ? all
        : offers.filter(({ operation }) => covers(grant, operation)).map(({ offer }) => offer.description),
    call: (name, ...call) => calls.get(name)?.(...call),
  }
}

interface Guards {
  readonly confirmations: Confirmations
  readonly deletions: DeletionLimit
}

function bindTool(operation: CheckedOperation, offer: Offer, options: ToolOptions, guards: Guards): ToolCall {
  const { tool, advice, needsConfirmation } = offer
  const { held } = options
  const defaults = findDefaults(operation, held)
  const fingerprint = new Fingerprint(options.key)
  const fail = (error: unknown, requestId: string | undefined) => {
    if (error instanceof GatewayError) return toRefusal(error)
    options.onUnexpectedError(error, requestId)
    const detail = requestId === undefined ? undefined : `The request id is ${requestId}.`
    return toRefusal(new GatewayError('internal_error', { detail }))
  }
  return async (all, context, elicitation) => {
    const { credential, grant, signal, connection, requestId, traceparent } = context
    try {
      if (!covers(grant, operation)) throw refuseScope(operation)
      const values = needsConfirmation ? withoutConfirmation(all) : all
      const { input, unknown } = bindArguments(operation, tool, values, credential, defaults)
      const located = operation.validate(input).map((one) => locateByArgument(operation, tool, one))
      const missing = !hasCredentials(operation, input, held)
      if (unknown.length + located.length > 0)
        return refuseArguments([...unknown, ...located], missing ? advice : '')
      if (missing) return toRefusal(new GatewayError('missing_credentials', { detail: advice }), advice)
      checkClient(operation, input, held)
      const credentials = toCredentialHeaders(operation, input, held)
      if (needsConfirmation) {
        const client = fingerprint.nameClient({ headers: credentials }, grant.caller)
        const call = { operation, tool, values: all, client }
        const question = await guards.confirmations.check(call, elicitation)
        if (question) return question
      }
      await context.countCall?.(credentials)
      if (operation.method === 'DELETE')
        await guards.deletions.take(fingerprint.nameLimited(grant.caller, credentials))
      const answer = await options.client.call(operation, input, {
        signal,
        connection,
        principal: grant.caller,
        traceparent,
      })
      if (answer.status < 400) return toResult(answer, offer.select, operation.redactedNotice)
      const wait = readRetryAfter(answer.headers)
      const nextStep = adviseNextStep(answer.status, operation, options.operations, wait)
      return toFailure(answer, options.upstreamName, nextStep, offer.select !== undefined)
    } catch (error) {
      return fail(error, requestId)
    }
  }
}

function withoutConfirmation({ [confirmation]: _, ...others }: ToolArguments): ToolArguments {
  return others
}

function refuseArguments(violations: readonly Violation[], advice: string): ToolResult {
  const nextStep = `Correct these arguments and call again. ${advice}`.trim()
  return toRefusal(new GatewayError('invalid_argument', { violations }), nextStep)
}
