import { hash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { dereference } from '../document/json-schema.ts'
import { onceFor } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import type { Parameter } from '../document/parameters.ts'
import { holdsPassword } from '../document/passwords.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { CallMetrics } from '../observability/gateway-metrics.ts'
import type { ResponseSampler } from '../observability/response-sampling.ts'
import type { Clock } from '../state/expiring-map.ts'
import { currentCall, type Interceptor, isRead, type UpstreamCall } from './call.ts'

/** Where calls of the API are recorded. */
export interface CallRecords {
  readonly metrics: CallMetrics
  /** The audit log. */
  readonly logger: FastifyBaseLogger
  /** Absent where no response is sampled. */
  readonly sampler?: Pick<ResponseSampler, 'observe'> | undefined
}

/** Records each call when it has ended, and changes nothing about it. */
export function recordCalls({ metrics, logger, sampler }: CallRecords, clock: Clock): Interceptor {
  return (send) => async (request) => {
    const call = currentCall()
    const { operation } = call
    const began = clock()
    try {
      const response = await send(request)
      const { status } = response
      metrics.recordCall(operation.id, status, clock() - began)
      if (!isRead(operation)) auditCall(logger, call, request.path, { status })
      sampler?.observe(operation, response)
      return response
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : 'internal_error'
      metrics.recordCall(operation.id, code, clock() - began)
      if (!isRead(operation) && call.sent) auditCall(logger, call, request.path, { code })
      throw error
    }
  }
}

/**
 * Logs one line for a call that was sent and may have changed something: who made it, of which operation, on which
 * record, and how it ended. Nothing else of the call is recorded.
 */
function auditCall(
  logger: FastifyBaseLogger,
  { operation, principal }: UpstreamCall,
  path: string,
  end: { readonly status?: number; readonly code?: ErrorCode },
): void {
  const line = {
    operation: operation.id,
    caller: nameCaller(principal),
    ids: readIds(operation, path),
    ...end,
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
