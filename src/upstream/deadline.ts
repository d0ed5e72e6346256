import { createCallError, currentCall, type Interceptor, isRead } from './call.ts'

/**
 * Gives a call up when it takes longer than the milliseconds given, all tries included, and when its client has
 * disconnected; a write that was sent goes on for a client that has disconnected, and counts as a running request until
 * it has ended. Rejects with `upstream_timeout`, `upstream_unreachable` where nothing was sent, or `client_disconnected`.
 */
export function deadline(milliseconds: number): Interceptor {
  return (send) => async (request) => {
    const call = currentCall()
    const controller = new AbortController()
    const release = call.connection.hold()
    const timer = setTimeout(() => {
      controller.abort(createCallError(call, call.sent ? 'upstream_timeout' : 'upstream_unreachable'))
    }, milliseconds)
    call.connection.onDisconnect(() => {
      if (isRead(request) || !call.sent) controller.abort(createCallError(call, 'client_disconnected'))
    })
    try {
      // A signal that fired already does not fire again for those who begin to listen.
      controller.signal.throwIfAborted()
      return await send({ ...request, signal: controller.signal })
    } finally {
      clearTimeout(timer)
      release()
    }
  }
}
