import type { Readable, Writable } from 'node:stream'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Settings } from './config/settings.ts'
import { composeGateway } from './library/composition.ts'

/** A description: a file, or a document with a name. Its credentials are the values themselves. */
export type GatewayDescription = NonNullable<Settings['descriptions']>[number] & {
  /** An OpenAPI document in place of a file; `name` names its variables and its prefix. */
  readonly document?: object
  readonly name?: string
}

/**
 * Settings of a gateway: those of calgate.yaml, and a logger. No environment variable is read but those of
 * OpenTelemetry (`OTEL_`), by its SDK, with `otelExporterOtlpEndpoint`.
 */
export type GatewayOptions = Omit<Settings, 'descriptions'> & {
  /** What is served; without one, what calgate ships with. */
  readonly descriptions?: readonly GatewayDescription[]
  /** A pino logger; nothing is logged without one. */
  readonly logger?: FastifyBaseLogger
}

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
