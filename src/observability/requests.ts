import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Operation } from '../document/operations.ts'
import type { ErrorCode } from '../errors/gateway-error.ts'
import { endRequestSpan, startRequestSpan, type Tracing } from './tracing.ts'

/** What a client says of the trace that its call belongs to. */
export interface TraceContext {
  /** As it goes upstream, in the version of the format that is known here. */
  readonly traceparent: string
  /** 32 hexadecimal digits. */
  readonly traceId: string
}

const form = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * Reads a `traceparent` header (W3C Trace Context §3.2); undefined for one that is not valid. Of a version that is
 * not known here only the parts that are known go on, in the known version, as §3.2.2.5 has it.
 */
export function readTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string') return undefined
  const [, version, traceId = '', parentId, flags = '', more] = form.exec(text) ?? []
  if (version === '00') return more === undefined ? { traceparent: text, traceId } : undefined
  if (version === undefined) return undefined
  const sampled = Number.parseInt(flags, 16) % 2
  return { traceparent: `00-${traceId}-${parentId}-0${sampled}`, traceId }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation of this route. */
    operation?: Operation
  }
  interface FastifyRequest {
    /** The gateway's own error that is the response, if it is one, and the code of what caused it. */
    problem: { readonly code: ErrorCode; readonly cause: string | undefined } | undefined
    /** The tool calls of the request; undefined before the first. */
    toolCalls: ToolCallRecord[] | undefined
    /** The trace that the client makes it a part of. */
    trace: TraceContext | undefined
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
  /** Code of what caused its error. */
  cause?: string | undefined
}

/** Records requests. An operation is named by its `operationId`, undefined where there is none. */
export interface RequestRecorder {
  /** Traces requests and tool calls, where traces are sent. */
  readonly tracing?: Tracing | undefined
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
  app.decorateRequest('trace', undefined)
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
  const trace = readTraceparent(request.headers.traceparent)
  const span = recorder?.tracing && startRequestSpan(recorder.tracing, request, trace?.traceparent)
  request.trace = span ?? trace
  // Fastify's own hook for this, onResponse, does not run when a client has disconnected.
  reply.raw.on('close', () => {
    const ending = readEnding(request, reply)
    const { toolCalls, route } = request
    const milliseconds = reply.elapsedTime
    logRequest(surface, request, ending, milliseconds)
    if (span) endRequestSpan(span, ending)
    if (!toolCalls) recorder?.recordRequest(surface, route.config.operation?.id, ending, milliseconds)
  })
}

/** A response that has begun and broke for a reason of the gateway or the API did not end by its client. */
function readEnding({ problem }: FastifyRequest, { raw }: FastifyReply): Ending {
  const isBroken = raw.headersSent && problem !== undefined && problem.code !== 'client_disconnected'
  return {
    status: raw.writableFinished || isBroken ? raw.statusCode : clientDisconnected,
    code: problem?.code,
  }
}

function logRequest(
  surface: Surface,
  request: FastifyRequest,
  { status, code }: Ending,
  milliseconds: number,
) {
  const { method, route, toolCalls, trace } = request
  const line = {
    requestId: request.id,
    surface,
    method,
    route: route.url === undefined || route.url === '*' ? 'none' : route.url,
    status,
    code,
    cause: request.problem?.cause,
    ms: Math.round(milliseconds),
    traceId: trace?.traceId,
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
