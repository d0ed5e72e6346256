import { hash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { Operation } from '../document/operations.ts'
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

const id = /^[\w-]{1,64}$/

/** Reads the variables of a path that are ids and no secrets; other values may be anything that a client wrote. */
function readIds({ path: template, parameters }: Operation, path: string): Record<string, string> {
  const secret = parameters.filter(
    ({ in: place, schema }) => place === 'path' && holdsPassword(schema, schema),
  )
  const segments = path.replace(/\?.*$/s, '').split('/')
  const ids = template.split('/').flatMap((segment, index): [string, string][] => {
    const name = /^\{(.+)\}$/.exec(segment)?.[1]
    const value = segments[index] ?? ''
    const isSecret = secret.some((one) => one.name === name)
    return name !== undefined && !isSecret && id.test(value) ? [[name, value]] : []
  })
  return Object.fromEntries(ids)
}
