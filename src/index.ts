import type { Readable, Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { composeGateway } from './library/composition.ts'
import type { ProgramDescription, ProgramSettings } from './library/program-settings.ts'

/** A description: a file, or a document with a name. */
export type GatewayDescription = ProgramDescription

/** Settings of a gateway: those of calgate.yaml, and a logger. */
export type GatewayOptions = ProgramSettings

/** A gateway whose servers do not listen yet: `await gateway.rest.listen({ port: 8080 })`. */
export interface Gateway {
  readonly rest: FastifyInstance
  readonly mcp: FastifyInstance
  /** Health checks and metrics; without authentication. */
  readonly control: FastifyInstance
  /** Serves MCP on two streams until the input ends. */
  serveStdio(input: Readable, output: Writable): Promise<void>
  /** Completes the requests under way, then closes every connection. */
  close(): Promise<void>
}

/**
 * Creates a gateway of descriptions. Rejects with an `Error` that lists every problem of the descriptions and the
 * settings, without a value.
 */
export async function createGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const { gateway } = await composeGateway(options)
  const { rest, mcp, control, serveStdio } = gateway
  return { rest, mcp, control, serveStdio, close: () => gateway.close() }
}
