import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorCode } from '../errors/gateway-error.ts'
import { readTraceparent } from './trace-context.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation of this route. */
    operationId?: string
  }
  interface FastifyRequest {
    /** The gateway's own error that is the response, if it is one, and the code of what caused it. */
    problem: { readonly code: ErrorCode; readonly cause: string | undefined } | undefined
    /** The tool calls of the request; undefined before the first. */
    toolCalls: ToolCallRecord[] | undefined
    /** Its `routeOptions`, which Fastify creates anew at each access. */
    route: FastifyRequest['routeOptions']
  }
}

/** One of the two servers. */
export type Surface = 'rest' | 'mcp'

/** How a request or a tool call ended. */
export interface Ending {
  /** Of the upstream's response, or of the gateway's own error in its place. */
  readonly status: number
  /** Of the gateway's own error. */
  readonly code: ErrorCode | undefined
}

/** A tool call that has begun, and how it ended as soon as it has. */
export interface ToolCallRecord {
  readonly tool: string
  ending?: Ending
}

/** Records requests. An operation is named by its `operationId`, undefined where there is none. */
export interface RequestRecorder {
  recordRequest(surface: Surface, operation: string | undefined, ending: Ending, milliseconds: number): void
  /** Records an error outside of any request, such as a broken one. */
  recordError(surface: Surface, code: ErrorCode): void
}

/** The status of a request whose client disconnected before its response. */
export const clientDisconnected = 499

/**
 * Records each request of a server when it has ended, with or without a response: one log line, with nothing in it
 * that the client wrote but the id of its trace, and one record. Requests that call tools are recorded call by call
 * instead, where the tools are called.
 */
export function recordRequests(app: FastifyInstance, surface: Surface, recorder?: RequestRecorder): void {
  app.decorateRequest('problem', undefined)
  app.decorateRequest('toolCalls', undefined)
  app.decorateRequest('route')
  app.addHook('onRequest', (request, reply, done) => {
    recordRequest(surface, request, reply, recorder)
    done()
  })
}

/** Records a single request once it has ended. */
export function recordRequest(
  surface: Surface,
  request: FastifyRequest,
  reply: FastifyReply,
  recorder?: RequestRecorder,
): void {
  request.route = request.routeOptions
  // Fastify's own hook for this, onResponse, does not run when a client has disconnected.
  reply.raw.on('close', () => {
    const ending = readEnding(request, reply)
    const { toolCalls, route } = request
    const milliseconds = reply.elapsedTime
    logRequest(surface, request, ending, milliseconds)
    if (!toolCalls) recorder?.recordRequest(surface, route.config.operationId, ending, milliseconds)
  })
}

function readEnding({ problem }: FastifyRequest, { raw }: FastifyReply): Ending {
  return { status: raw.writableFinished ? raw.statusCode : clientDisconnected, code: problem?.code }
}

function logRequest(
  surface: Surface,
  request: FastifyRequest,
  { status, code }: Ending,
  milliseconds: number,
) {
  const { method, route, toolCalls, headers } = request
  const line = {
    surface,
    method,
    route: route.url === undefined || route.url === '*' ? 'none' : route.url,
    status,
    code,
    cause: request.problem?.cause,
    ms: Math.round(milliseconds),
    traceId: readTraceparent(headers.traceparent)?.traceId,
  }
  request.log.info(toolCalls ? { ...line, ...describeToolCalls(toolCalls) } : line, 'request completed')
}

/** Describes tool calls for a log line: of a batch the names of its tools, and how the worst call ended. */
export function describeToolCalls(calls: readonly ToolCallRecord[]) {
  const tools = new Set<string>()
  let worst: Ending | undefined
  for (const { tool, ending } of calls) {
    tools.add(tool)
    if (ending && (!worst || ending.status > worst.status)) worst = ending
  }
  return { tool: [...tools].join(','), toolStatus: worst?.status, code: worst?.code }
}
