import { hideCredentials } from '../config/urls.ts'
import type { Tracing } from '../observability/tracing.ts'
import { currentCall, type Interceptor } from './call.ts'
import { ConnectionError } from './pools.ts'

/**
 * Traces each try of a call as a child of what the call is a part of, by the semantic conventions of HTTP clients. The
 * upstream is told of the try. The span has the template of the path, since a path may have personal data.
 */
export function traceTries(tracing: Tracing, origin: string): Interceptor {
  const { hostname, port, protocol } = new URL(origin)
  const server = {
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'url.scheme': protocol.slice(0, -1),
  }
  return (send) => async (request) => {
    const call = currentCall()
    const { tries = 0 } = call
    call.tries = tries + 1
    const { method } = request
    const template = hideCredentials(call.operation.path)
    const span = tracing.start('client', `${method} ${template}`, request.headers.traceparent, {
      ...{ 'http.request.method': method, 'url.template': template, ...server },
      ...(tries > 0 && { 'http.request.resend_count': tries }),
    })
    try {
      const headers = { ...request.headers, traceparent: span.traceparent }
      const response = await send({ ...request, headers })
      const { status } = response
      span.end({ 'http.response.status_code': status }, status >= 400 ? String(status) : undefined)
      return response
    } catch (error) {
      span.end({}, error instanceof ConnectionError ? 'connection_error' : readType(error))
      throw error
    }
  }
}

function readType(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '_OTHER'
}
