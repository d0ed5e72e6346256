import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { applyMismatch, type Fault } from './faults.ts'

/** Sends a response as Cal.com does, with a weak ETag; a fault spoils it on the way. */
export async function sendResponse(
  reply: FastifyReply,
  status: number,
  body: object,
  fault: Fault = {},
): Promise<FastifyReply> {
  const spoiled = fault.mismatch ? applyMismatch(body, fault.mismatch) : body
  const text = JSON.stringify(spoiled)
  if (fault.reset === 'after') return destroy(reply)
  if (fault.truncate) return truncate(reply, status, text)
  const tag = createHash('sha1').update(text).digest('base64').slice(0, 27)
  return reply
    .code(fault.status ?? status)
    .headers({
      etag: `W/"${text.length.toString(16)}-${tag}"`,
      'content-type': fault.contentType ?? 'application/json; charset=utf-8',
    })
    .send(Buffer.from(text))
}

/** Resets the connection in place of a response. */
export function destroy(reply: FastifyReply): FastifyReply {
  reply.hijack()
  reply.raw.socket?.resetAndDestroy()
  return reply
}

function truncate(reply: FastifyReply, status: number, text: string): FastifyReply {
  reply.hijack()
  reply.raw.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  reply.raw.write(text.slice(0, text.length / 2), () => reply.raw.destroy())
  return reply
}
