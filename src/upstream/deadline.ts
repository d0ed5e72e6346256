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
 * it has ended. Rejects with `upstream_timeout`, caused by a `StalledUpload` where the client's upload is behind,
 * `upstream_unreachable` where nothing was sent, or `client_disconnected`.
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

/** The client did not send the rest of its upload in time, which says nothing about the API. */
export class StalledUpload extends Error {
  override readonly name = 'StalledUpload'
}

const stalled =
  'The client did not send the whole body within the deadline. Read the state before you send it again, without pausing.'

/** Of a body that streams, what the API has not taken yet waits in the stream, or the stream pauses. */
function createTimeout(call: UpstreamCall, body: UpstreamRequest['body']): GatewayError {
  if (!call.sent) return createCallError(call, 'upstream_unreachable')
  const isStream = body instanceof Readable
  if (!isStream || body.readableEnded || body.readableLength > 0 || body.isPaused())
    return createCallError(call, 'upstream_timeout')
  return createCallError(call, 'upstream_timeout', { detail: stalled, cause: new StalledUpload() })
}
