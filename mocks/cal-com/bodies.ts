import type { FastifyInstance } from 'fastify'
import { CalComError } from './errors.ts'

/** Reads JSON bodies as Express does: everything else stays unread, an empty one is none. Throws `malformed_json`. */
export function registerBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: unknown, text: string) => {
      if (text === '') return undefined
      try {
        const value: unknown = JSON.parse(text)
        return value
      } catch {
        throw new CalComError('malformed_json')
      }
    },
  )
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async () => undefined)
}

/** Makes of an error of the framework what Cal.com's filters make of it. */
export function toCalComError(error: unknown): CalComError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return new CalComError(code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? 'payload_too_large' : 'unexpected')
}
