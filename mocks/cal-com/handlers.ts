import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Operation } from '../../src/document/operations.ts'
import { authenticate, checkApiKey, guard } from './authentication.ts'
import { CalComError, toNamedError } from './errors.ts'
import type { FaultQueue } from './faults.ts'
import { perform, type World } from './operations.ts'
import { beforeThrottle } from './quirks.ts'
import { destroy, sendResponse } from './reply.ts'
import type { Throttle } from './throttle.ts'
import { createBodyPipe } from './validation.ts'

/** What stands behind every handler; a reset of the mock puts another world in place. */
export interface MockState {
  world: World & { readonly throttle: Throttle }
  readonly faults: FaultQueue
  /** Responses held back until a control call releases them. */
  readonly held: Set<() => void>
}

/**
 * Creates the handler of an operation, with Cal.com's order of checks behind the JSON parser: throttle,
 * authentication, guards, validation, and then the deed. Scripted faults come in between.
 */
export function createHandler(operation: Operation, state: MockState) {
  const pipe = operation.body && createBodyPipe(operation)
  const acceptsApiKey = operation.security.some(([scheme]) => scheme?.name === 'apiKey')
  const act = ({ world }: MockState, request: FastifyRequest): object => {
    const { clientId = '', userId = '' }: Record<string, string> = { ...Object(request.params) }
    const holder = authenticate(world, clientId, request.headers)
    // The refresh operation has no guards, and Cal.com notices only later that an API key is no client.
    if (!acceptsApiKey && 'apiKey' in holder) throw new CalComError('bad_client_credentials')
    const client = guard(world, clientId, holder)
    const body = pipe ? pipe(request.body) : {}
    const query = new URLSearchParams(request.url.split('?').slice(1).join('?'))
    return { status: 'success', data: perform(operation.id, world, { client, userId, query, body }) }
  }
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const fault = state.faults.take(operation.id)
    if (fault?.reset === 'before') return destroy(reply)
    if (fault?.error && beforeThrottle.includes(fault.error)) throw toNamedError(fault.error)
    const { allowed, headers } = state.world.throttle(request.headers, request.ip)
    reply.headers(headers)
    checkApiKey(state.world.store, request.headers)
    if (fault?.error) throw toNamedError(fault.error)
    if (!allowed) throw new CalComError('throttled')
    const body = act(state, request)
    if (fault?.hold) await new Promise<void>((release) => state.held.add(release))
    return sendResponse(reply, operation.success.status, body, fault)
  }
}
