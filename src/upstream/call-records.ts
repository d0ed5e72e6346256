import { hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { dereference } from '../document/json-schema.ts'
import { onceFor } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import type { Parameter } from '../document/parameters.ts'
import { holdsPassword } from '../document/passwords.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { CallMetrics } from '../observability/gateway-metrics.ts'
import { readTraceparent } from '../observability/requests.ts'
import type { ResponseSampler } from '../observability/response-sampling.ts'
import type { Clock } from '../state/expiring-map.ts'
import {
  currentCall,
  type Interceptor,
  isRead,
  type UpstreamCall,
  type UpstreamRequest,
  type UpstreamResponse,
} from './call.ts'

/** Where calls of the API are recorded. */
export interface CallRecords {
  readonly metrics: CallMetrics
  /** The audit log. */
  readonly logger: FastifyBaseLogger
  /** Absent where no response is sampled. */
  readonly sampler?: Pick<ResponseSampler, 'observe'> | undefined
}

/** How a call ended: with the status of its response, or with an error in its place. */
type CallEnd = { readonly status: number } | { readonly code: ErrorCode }

/** Records each call when it has ended, one that streams with its last byte, and changes nothing about it. */
export function recordCalls(records: CallRecords, clock: Clock): Interceptor {
  const { metrics, logger, sampler } = records
  const record = (call: UpstreamCall, request: UpstreamRequest, milliseconds: number, end: CallEnd) => {
    const { operation } = call
    metrics.recordCall(operation.id, 'code' in end ? end.code : end.status, milliseconds)
    if (!isRead(operation) && (call.sent || 'status' in end)) auditCall(logger, call, request, end)
  }
  // Made outside of the call: most responses do not stream, and need no closure.
  const awaitEnd = (
    call: UpstreamCall,
    request: UpstreamRequest,
    began: number,
    response: StreamedResponse,
  ) => {
    const { stream, status } = response
    const run = () => {
      const end = readStreamEnd(stream, status)
      record(call, request, clock() - began, end)
      if ('status' in end) sampler?.observe(call.operation, response)
    }
    if (stream.closed) run()
    else stream.once('close', run)
  }
  return (send) => async (request) => {
    const call = currentCall()
    const began = clock()
    try {
      const response = await send(request)
      if (isStreamed(response)) awaitEnd(call, request, began, response)
      else {
        record(call, request, clock() - began, response)
        sampler?.observe(call.operation, response)
      }
      return response
    } catch (error) {
      record(call, request, clock() - began, { code: readCode(error) })
      throw error
    }
  }
}

type StreamedResponse = UpstreamResponse & { readonly stream: Readable }

function isStreamed(response: UpstreamResponse): response is StreamedResponse {
  return response.stream !== undefined
}

/** A stream without an error that was not read to its end was given up, for want of a client. */
function readStreamEnd({ errored, readableEnded }: Readable, status: number): CallEnd {
  if (errored) return { code: readCode(errored) }
  return readableEnded ? { status } : { code: 'client_disconnected' }
}

function readCode(error: unknown): ErrorCode {
  return error instanceof GatewayError ? error.code : 'internal_error'
}

/**
 * Logs one line for a call that was sent and may have changed something: who made it, of which operation, on which
 * record, in which trace, and how it ended. Nothing else of the call is recorded.
 */
function auditCall(
  logger: FastifyBaseLogger,
  { operation, principal }: UpstreamCall,
  { path, headers }: UpstreamRequest,
  end: CallEnd,
): void {
  const line = {
    operation: operation.id,
    caller: nameCaller(principal),
    ids: readIds(operation, path),
    traceId: readTraceparent(headers.traceparent)?.traceId,
    ...('code' in end ? { code: end.code } : { status: end.status }),
  }
  logger.info(line, 'write sent')
}

/** Returns the name of a key, or issuer and subject of a token. A subject that is an address is logged as a hash. */
function nameCaller(caller: string): string | undefined {
  if (caller === '') return undefined
  return caller.includes('@') ? `sha256:${hash('sha256', caller).slice(0, 16)}` : caller
}

/** Longest id by its form: a UUID. What is longer may be a signed text or a hash. */
const idForm = /^[\w-]{1,36}$/

/** Words of a name that say that its value lets somebody in, or reaches a person. */
const secretWords =
  /token|secret|passw|passphrase|passcode|signature|nonce|hash|credential|^(?:api)?keys?$|^codes?$|^(?:otp|pin|pwd|jwt|auth|sessions?|tickets?)$|phone|^(?:mobile|msisdn|tel|fax)$|mail/i
const idWords = /^(?:ids?|uids?|uuids?|guids?)$/i

/** Reads the variables of a path that are ids and no secrets; other values may be anything that a client wrote. */
function readIds(operation: Operation, path: string): Record<string, string> {
  const segments = path.replace(/\?.*$/s, '').split('/')
  const ids = listIds(operation).flatMap(({ name, index }): [string, string][] => {
    const value = segments[index] ?? ''
    return idForm.test(value) ? [[name, value]] : []
  })
  return Object.fromEntries(ids)
}

/** Lists the variables that are segments of their own and that the document says are ids. */
const listIds = onceFor(({ path, parameters }: Operation) =>
  path.split('/').flatMap((segment, index) => {
    const name = /^\{(.+)\}$/.exec(segment)?.[1]
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name)
    return parameter && isId(parameter) ? [{ name: parameter.name, index }] : []
  }),
)

function isId({ name, schema, isCredential }: Parameter): boolean {
  const words = listWords(name)
  if (isCredential || holdsPassword(schema, schema)) return false
  if (words.some((word) => secretWords.test(word))) return false
  const { type, format } = dereference(schema, schema)
  return [type].flat().includes('integer') || format === 'uuid' || words.some((word) => idWords.test(word))
}

/** Lists the words of a name in any of the usual spellings: `userId`, `user_id`, `APIKey`. */
function listWords(name: string): string[] {
  const spaced = name.replace(/([A-Z])([A-Z][a-z])/g, '$1 $2').replace(/([a-z])([A-Z])/g, '$1 $2')
  return spaced.split(/[^A-Za-z]+/)
}
