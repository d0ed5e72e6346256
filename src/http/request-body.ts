import type { FastifyInstance, FastifyRequest } from 'fastify'
import { checkEncoding } from './framing.ts'

/** Turns the bytes of a body into `request.body`. Throws or rejects with the `GatewayError` to respond with. */
export type BodyParser = (bytes: Buffer, request: FastifyRequest) => unknown

/** Registers the parser of bodies of the given types, up to the app's `bodyLimit`. */
export function parseBodies(
  app: FastifyInstance,
  parse: BodyParser,
  types: string | string[] = 'application/json',
): void {
  app.addContentTypeParser(types, { parseAs: 'buffer' }, async (request: FastifyRequest, bytes: Buffer) => {
    if (bytes.length > 0) checkEncoding(request)
    return parse(bytes, request)
  })
}
