import type { Server } from 'node:http'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { Server as TlsServer } from 'node:tls'
import type { TlsConfig } from '../config/network.ts'
import { countRequests } from './connection.ts'
import { createClose } from './drain.ts'
import type { GatewayServers, ServersOptions } from './gateway.ts'
import { type KeptParts, openKeptParts } from './kept-parts.ts'
import type { ServerParts } from './server-parts.ts'

/** What requests run through, and what a client on two streams is served. */
export interface Composition<Offer>
  extends Pick<GatewayServers, 'rest' | 'mcp' | 'control'>,
    Pick<ServerParts, 'readiness' | 'requester' | 'circuit'> {
  readonly stdio: Offer
}

/** How a gateway is composed, and how it serves a client on two streams. */
export interface Composer<Offer> {
  readonly compose: (options: ServersOptions, kept: KeptParts) => Promise<Composition<Offer>>
  readonly openStdio: (offer: Offer, input: Readable, output: Writable) => Promise<Session<Offer>>
}

/** A client on two streams, until its input ends. */
interface Session<Offer> {
  readonly ended: Promise<void>
  change(offer: Offer): Promise<void>
  drain(): Promise<void>
}

const servers = ['rest', 'mcp', 'control'] as const

/**
 * Opens a gateway that can be composed anew: a reload replaces everything but what is kept, and moves the requests of the
 * servers that listen.
 */
export async function openGateway<Offer>(
  options: ServersOptions,
  { compose, openStdio }: Composer<Offer>,
): Promise<GatewayServers> {
  const kept = await openKeptParts(options, {
    readiness: () => current.readiness,
    circuit: () => current.circuit,
  })
  const first = await compose(options, kept).catch(async (error: unknown) => {
    await kept.close()
    throw error
  })
  const { rest, mcp, control } = first
  let current = first
  let isClosing = false
  /** The longest: requests under way keep theirs. */
  let { upstreamTimeout } = options.config
  /** Former compositions until their last request has ended. */
  const retired = new Set<Promise<void>>()
  const retire = (former: Composition<Offer>, changes: readonly Promise<void>[]) => {
    const ended = Promise.all([awaitRequests(former), ...changes])
      .then(() => former.requester.close())
      .finally(() => retired.delete(ended))
    retired.add(ended)
  }
  const sessions = new Set<Session<Offer>>()
  return {
    ...{ rest, mcp, control },
    async serveStdio(input, output) {
      const session = await openStdio(current.stdio, input, output)
      sessions.add(session)
      await session.ended
      sessions.delete(session)
    },
    async reload(next) {
      const composition = await compose({ ...options, ...next }, kept)
      await Promise.all(servers.map((name) => composition[name].ready()))
      if (isClosing) {
        await composition.requester.close()
        throw new Error('the gateway closes')
      }
      for (const name of servers)
        redirectRequests(first[name].server, composition[name].server, next.config.tls)
      upstreamTimeout = Math.max(upstreamTimeout, next.config.upstreamTimeout)
      const former = current
      current = composition
      retire(
        former,
        [...sessions].map((session) => session.change(composition.stdio)),
      )
    },
    close: createClose({
      drain() {
        isClosing = true
        current.readiness.drain()
      },
      delay: options.config.drainDelay,
      readTimeout: () => upstreamTimeout,
      servers: [rest, mcp],
      others: [
        { close: () => Promise.all([...sessions].map((session) => session.drain())) },
        { close: () => Promise.all([current.requester.close(), ...retired]) },
        kept,
        control,
      ],
    }),
  }
}

/** Events by which a server tells of requests, and of what is none. */
const events = ['request', 'checkExpectation', 'connect', 'clientError'] as const

/**
 * Has the server of another app, which is ready, handle what arrives at a server that listens, from the next request on.
 * Connections stay open, and the requests under way are finished by the app that has them. New connections of a TLS server
 * get the certificate.
 */
function redirectRequests(listening: Server, server: Server, tls: TlsConfig | undefined): void {
  if (tls && listening instanceof TlsServer) listening.setSecureContext(tls)
  for (const event of events) {
    listening.removeAllListeners(event)
    listening.on(event, (...parts: unknown[]) => void server.emit(event, ...parts))
  }
}

/** Milliseconds between two looks at what is under way. */
const pause = 100

/** Resolves when the servers of a former composition have no request; its requester waits for writes without a client. */
async function awaitRequests({ rest, mcp }: Composition<unknown>): Promise<void> {
  while (countRequests(rest.server) + countRequests(mcp.server) > 0) await wait(pause)
}
