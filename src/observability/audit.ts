import { hash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { Operation } from '../document/operations.ts'
import type { CallEnd } from './call-observer.ts'

/**
 * Logs one line for each call that may have changed something: who made it, of which operation, on which record, and
 * how it ended. Nothing else of the call is recorded.
 */
export function auditCall(logger: FastifyBaseLogger, operation: Operation, end: CallEnd): void {
  if (operation.method === 'GET') return
  const { caller, path, status, code } = end
  logger.info(
    { operation: operation.id, caller: nameCaller(caller), ids: readIds(operation.path, path), status, code },
    'write sent',
  )
}

/** Returns the name of a key, or issuer and subject of a token. A subject that is an address is logged as a hash. */
function nameCaller(caller: string): string | undefined {
  if (caller === '') return undefined
  return caller.includes('@') ? `sha256:${hash('sha256', caller).slice(0, 16)}` : caller
}

const id = /^[\w-]{1,64}$/

/** Reads the variables of a path that are ids; other values may be anything that a client wrote. */
function readIds(template: string, path: string): Record<string, string> {
  const segments = path.replace(/\?.*$/s, '').split('/')
  const ids = template.split('/').flatMap((segment, index): [string, string][] => {
    const name = /^\{(.+)\}$/.exec(segment)?.[1]
    const value = segments[index] ?? ''
    return name !== undefined && id.test(value) ? [[name, value]] : []
  })
  return Object.fromEntries(ids)
}
