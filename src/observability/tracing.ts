import type { FastifyRequest } from 'fastify'

/** What is known of a span, by the names of OpenTelemetry's semantic conventions. */
export type Attributes = Readonly<Record<string, string | number>>

/** A part of a trace that has begun. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** The span as the parent of what it causes (W3C Trace Context §3.2). */
  readonly traceparent: string
  /** Ends the span; an error type makes it a failure. */
  end(attributes: Attributes, errorType?: string): void
}

/** Traces requests, calls of tools, and each try of a call of the API. */
export interface Tracing {
  /** Begins a span; without a parent (a valid `traceparent`) it begins a trace. */
  start(kind: 'server' | 'client', name: string, parent: string | undefined, attributes: Attributes): Span
}

interface Ending {
  readonly status: number
  readonly code: string | undefined
}

/** Begins the span of a request, named by method and route (semantic conventions for HTTP servers). */
export function startRequestSpan(
  tracing: Tracing,
  { method, protocol, routeOptions }: FastifyRequest,
  parent: string | undefined,
): Span {
  const { url } = routeOptions
  const route = url === undefined || url === '*' ? undefined : url
  return tracing.start('server', route === undefined ? method : `${method} ${route}`, parent, {
    'http.request.method': method,
    'url.scheme': protocol,
    ...(route !== undefined && { 'http.route': route }),
  })
}

/** Ends the span of a request. A client's own fault is no failure of the server. */
export function endRequestSpan(span: Span, { status, code }: Ending): void {
  span.end({ 'http.response.status_code': status }, status >= 500 ? (code ?? String(status)) : undefined)
}

/** Begins the span of a tool call (semantic conventions for MCP servers). */
export function startToolSpan(tracing: Tracing, tool: string, parent: string | undefined): Span {
  return tracing.start('server', `tools/call ${tool}`, parent, {
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
  })
}

/** Ends the span of a tool call. A result with `isError` is a failure of the tool. */
export function endToolSpan(span: Span, { status, code }: Ending): void {
  span.end({}, status >= 400 ? (code ?? 'tool_error') : undefined)
}
