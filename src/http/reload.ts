import type { Server } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { TlsConfig } from '../config/network.ts'
import type { Admission } from './admission.ts'
import { countRequests } from './connection.ts'

/** Events by which a server tells of requests, and of what is none. */
const events = ['request', 'checkExpectation', 'connect', 'clientError'] as const

/**
 * Has another app handle what arrives at a server that listens, from the next request on. Connections stay open, and the
 * requests under way are finished by the app that has them. New connections of a TLS server get the certificate.
 */
export async function redirectRequests(
  listening: Server,
  app: FastifyInstance,
  tls: TlsConfig | undefined,
): Promise<void> {
  await app.ready()
  if (tls && listening instanceof TlsServer) listening.setSecureContext(tls)
  for (const event of events) {
    listening.removeAllListeners(event)
    listening.on(event, (...parts: unknown[]) => void app.server.emit(event, ...parts))
  }
}

/** Milliseconds between two looks at what is under way. */
const pause = 100

/** Resolves when the servers of a former composition have no request, and no write runs on without its client. */
export async function awaitRequests(
  { rest, mcp }: { readonly rest: FastifyInstance; readonly mcp: FastifyInstance },
  admission: Admission,
): Promise<void> {
  while (countRequests(rest.server) + countRequests(mcp.server) + admission.active > 0)
    await wait(pause, undefined, { ref: false })
}
