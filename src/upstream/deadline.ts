import { Readable } from 'node:stream'
import type { GatewayError } from '../errors/gateway-error.ts'
import {
  createCallError,
  currentCall,
  type Interceptor,
  isRead,
  type UpstreamCall,
  type UpstreamRequest,
} from './call.ts'

/**
 * Gives a call up when it takes longer than the milliseconds given, all tries included, and when its client has
 * disconnected; a write that was sent goes on for a client that has disconnected, and counts as a running request until
 * it has ended. Rejects with `upstream_timeout`, `request_timeout` where the client's upload is behind, `upstream_unreachable` where
 * nothing was sent, or `client_disconnected`.
 */
export function deadline(milliseconds: number): Interceptor {
  return (send) => async (request) => {
    const call = currentCall()
    const controller = new AbortController()
    const release = call.connection.hold()
    const timer = setTimeout(() => {
      controller.abort(createTimeout(call, request.body))
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

const detail =
  'A part of the body was sent to the API: read what it has before you send the whole request, without pausing.'

/** Of a body that streams, what the API has not taken yet waits in the stream; none waits where the client is behind. */
function createTimeout(call: UpstreamCall, body: UpstreamRequest['body']): GatewayError {
  if (!call.sent) return createCallError(call, 'upstream_unreachable')
  const isBehind = body instanceof Readable && !body.readableEnded && body.readableLength === 0
  // The API has a part of the body, and may have stored it.
  if (isBehind) return createCallError(call, 'request_timeout', { outcome: 'unknown', detail })
  return createCallError(call, 'upstream_timeout')
}
