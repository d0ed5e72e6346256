import { GatewayError } from '../errors/gateway-error.ts'
import type { CallObserver } from '../observability/call-observer.ts'
import type { Clock } from '../state/expiring-map.ts'
import { currentCall } from './call.ts'
import type { Interceptor } from './interceptor.ts'

/** Tells the observer how each call ended, and how many milliseconds it took. */
export function observe(observer: CallObserver, clock: Clock): Interceptor {
  return (send) => async (request) => {
    const { operation, principal: caller } = currentCall()
    const { path } = request
    const began = clock()
    try {
      const response = await send(request)
      observer.onEnd(operation, { status: response.status, response, caller, path }, clock() - began)
      return response
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : 'internal_error'
      observer.onEnd(operation, { code, caller, path }, clock() - began)
      throw error
    }
  }
}
