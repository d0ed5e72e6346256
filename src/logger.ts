import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

/** Every member that a log line can have; docs/observability.md is tested against it. */
export const logFields = {
  level: '30 for what happened, 40 and more for what went wrong (pino)',
  time: 'When the line was written, ISO 8601',
  msg: 'What happened',
  requestId: 'UUID of the request, the `x-request-id` of the answer where the gateway itself gives it',
  surface: '`rest` or `mcp`',
  method: 'HTTP method',
  route: 'Template of the path; `none` where there is no such route',
  status: 'HTTP status of the answer; 499 when the caller left first',
  code: "The gateway's own error, as in [errors.md](errors.md)",
  ms: 'Milliseconds from the request to the end of its answer',
  traceId: 'Trace id of a valid `traceparent` header',
  tool: 'Tools that the request called, by name',
  toolStatus: 'How the call ended: the status of the upstream or of the error; of several calls the highest',
  operation: '`operationId` of the document',
  pointer:
    'Where an answer departs from the document: JSON pointer, `*` for any index or key, `?` for an unknown name',
  rule: 'What the document says there, as the keyword of JSON Schema',
  err: 'Type and codes of an error that nobody foresaw, never its message',
} as const

/**
 * Creates the gateway's log: JSON, one object a line, at any level only the members above, and what a child logger is
 * bound to. Of an error only its type
 * and codes get in: a message may repeat what a caller or the upstream sent.
 */
export function createLogger(level: string, destination: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { log: selectFields },
    hooks: {
      // Without a text pino takes the message of the error.
      logMethod([first, text, ...more], method) {
        const fields: unknown = first
        if (typeof fields !== 'object') method.call(this, first, text, ...more)
        else method.call(this, fields instanceof Error ? { err: fields } : fields, text ?? 'failed', ...more)
      },
    },
  }
  return pino(options, destination)
}

function selectFields(fields: object): Record<string, unknown> {
  const selected: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields))
    if (Object.hasOwn(logFields, name) && value !== undefined) selected[name] = value
  return selected
}

interface ErrorDescription {
  readonly type: string
  readonly code?: unknown
  readonly cause?: ErrorDescription
}

function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error }
  return {
    type: error.name,
    ...('code' in error && { code: error.code }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  }
}
