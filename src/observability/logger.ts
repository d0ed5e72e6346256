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
 * bound to. Of an error only its type and codes get in: a message may repeat what a caller or the upstream sent.
 */
export function createLogger(level: string, destination: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: createTimestamp(),
    serializers: { err: describeError },
    formatters: { log: selectFields },
    hooks: {
      // Without a text pino takes the message of the error.
      logMethod(parts, method) {
        const [first, text, ...more] = parts
        const fields: unknown = first
        const isError = fields instanceof Error
        if (!isError && (typeof fields !== 'object' || text !== undefined)) method.apply(this, parts)
        else method.call(this, isError ? { err: fields } : fields, text ?? 'failed', ...more)
      },
    },
  }
  return pino(options, destination)
}

/**
 * Opens the log of a process. Lines go out in batches, so that none of them holds up a request; pino itself writes what
 * is left at the end of the process, however it comes, but for a kill.
 */
export function openLog(fd: 1 | 2, level: string): Logger {
  // Bytes, because a batch of texts is copied as a whole for each line that comes to it.
  const destination = pino.destination({
    fd,
    sync: false,
    minLength: 60_000,
    maxWrite: 65_536,
    contentMode: 'buffer',
  })
  setInterval(() => destination.flush(), 1_000).unref()
  const write = (line: unknown) => destination.write(line as string)
  return createLogger(level, { write: (line) => write(Buffer.from(line)) })
}

/** Writes the time as pino does, but each millisecond once. */
function createTimestamp(): () => string {
  let written = Number.NaN
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== written) text = `,"time":"${new Date(now).toISOString()}"`
    written = now
    return text
  }
}

const known: ReadonlySet<string> = new Set(Object.keys(logFields))

/** Nearly always there is nothing to leave out, and nothing to copy. */
function selectFields(fields: Record<string, unknown>): Record<string, unknown> {
  for (const name in fields)
    if (!known.has(name)) return Object.fromEntries(Object.entries(fields).filter(([one]) => known.has(one)))
  return fields
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
