import { findRefusal, type Grant, type Policy } from '../access/authorization.ts'
import type { Operation } from '../document/operations.ts'
import { encodeQueryText, writeHeaderText } from '../document/parameter-writing.ts'
import { findPlace } from '../document/parameters.ts'
import { writeHeaders, writeTarget } from '../document/request-writing.ts'
import type { CallInput, CheckedOperation } from '../document/validation.ts'
import { GatewayError, type Violation } from '../errors/gateway-error.ts'
import {
  checkClient,
  findCredentials,
  type HeldCredentials,
  hasCredentials,
  refuseWithoutCredentials,
  toCredentialHeaders,
} from './credentials.ts'
import { idempotencyHeader } from './idempotency.ts'

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

/** Writes path and query of an upstream request, with the credentials that the API takes there. */
export function toTarget(operation: Operation, input: CallInput, held: HeldCredentials): string {
  const target = writeTarget(operation, input)
  if (!operation.security.flat().some((one) => one.in === 'query')) return target
  const { query = {} } = findCredentials(operation, input, held) ?? {}
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeQueryText(name)}=${encodeQueryText(value)}`,
  )
  if (pairs.length === 0) return target
  return `${target}${target.includes('?') ? '&' : '?'}${pairs.join('&')}`
}

/** Writes all headers of an upstream request; of the caller's own only what the operation's parameters name, and its trace. */
export function toHeaders(
  operation: Operation,
  input: CallInput,
  held: HeldCredentials,
  traceparent?: string,
): Record<string, string> {
  const headers: Record<string, string> = {
    accept: listAccepted(operation),
    // Without it an upstream may choose any encoding (RFC 9110 §12.5.3).
    'accept-encoding': 'identity',
    'user-agent': 'calgate',
  }
  if (input.body !== undefined) headers['content-type'] = input.contentType ?? 'application/json'
  if (traceparent !== undefined) headers.traceparent = traceparent
  const { [idempotencyHeader]: _, ...parameters } = writeHeaders(operation, input)
  const credentials = toCredentialHeaders(operation, input, held)
  const cookies = [parameters.cookie, credentials.cookie].filter((one) => one !== undefined)
  return {
    ...headers,
    ...parameters,
    ...describeCaller(operation, input),
    ...credentials,
    ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
  }
}

/** The types that the document has for a success; any where it has none, JSON first (RFC 9110 §12.5.1). */
function listAccepted({ responses }: Operation): string {
  const successes = responses.filter(({ status }) => /^(?:2|default)/.test(status))
  const types = new Set(successes.flatMap(({ content }) => content.map(({ type }) => type)))
  return types.size > 0 ? [...types].join(', ') : 'application/json, */*;q=0.5'
}

/** Headers that tell the upstream whose call it is, from parameters that it asks for there too. */
function describeCaller({ parameters }: Operation, input: CallInput): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const parameter of parameters) {
    const { name, upstreamHeader } = parameter
    const value = input[findPlace(parameter)]?.[name]
    if (upstreamHeader !== undefined && value !== undefined)
      headers[upstreamHeader] = writeHeaderText({ ...parameter, in: 'header', style: 'simple' }, value)
  }
  return headers
}
