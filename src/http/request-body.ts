import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors/gateway-error.ts'
import { checkEncoding } from './framing.ts'

/** Makes of a body's bytes what the handlers see as `request.body`. Throws the error that is the answer. */
export type BodyParser = (bytes: Buffer, request: FastifyRequest) => unknown

/**
 * Has bodies of the given types, JSON where none are named, read whole, up to the app's `bodyLimit`, and parsed by the given function. Fastify's own reader
 * follows the events of a stream; by the time a caller has been let in its body has nearly always arrived.
 */
export function parseBodies(
  app: FastifyInstance,
  parse: BodyParser,
  types: string | string[] = 'application/json',
): void {
  const { bodyLimit = 0 } = app.initialConfig
  app.addContentTypeParser(types, (request, payload, done) => {
    const finish = (bytes: Buffer) => {
      if (bytes.length > 0) checkEncoding(request)
      return parse(bytes, request)
    }
    const announced = Number(request.headers['content-length'])
    checkSize(announced, bodyLimit)
    if (payload.readableLength !== announced) return collect(payload, bodyLimit).then(finish)
    const bytes: Buffer = payload.read() ?? Buffer.alloc(0)
    // What is left is its end, without which a request never closes.
    payload.resume()
    const value = finish(bytes)
    if (value instanceof Promise) return value
    done(null, value)
  })
}

async function collect(payload: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // Destroyed, the request would take the connection with it, and the answer.
  for await (const chunk of payload.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    checkSize(size, limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

function checkSize(size: number, limit: number): void {
  if (size > limit) throw new GatewayError('body_too_large')
}
