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

/** Bytes of log lines that wait to be written at most; further lines are dropped. */
const longestBacklog = 4 * 1024 * 1024

let dropped = 0

/** Returns how many log lines of this process were dropped because the log took no more. */
export function countDroppedLines(): number {
  return dropped
}

/**
 * Opens the log of a process on standard output (1) or standard error (2). Lines are written in batches, at the latest
 * after a second and when the process ends. A full disk or a pipe that nobody reads costs lines, which are counted;
 * it neither stops the process nor keeps it from ending.
 */
export function openLog(fd: 1 | 2, level: string): Logger {
  // With this access Node makes a pipe or socket non-blocking, so that no write can wait for its reader.
  void (fd === 1 ? process.stdout : process.stderr)
  const destination = pino.destination({
    fd,
    sync: true,
    minLength: 8_192,
    maxLength: longestBacklog,
    periodicFlush: 1_000,
    // What a full pipe does not take stays in the backlog instead.
    retryEAGAIN: () => false,
  })
  destination.on('drop', () => {
    dropped += 1
  })
  // The lines stay in the backlog and are written with later ones.
  destination.on('error', () => {})
  process.on('exit', () => flushBacklog(destination))
  return createLogger(level, destination)
}

/** Writes as much of the backlog as the log takes. `flushSync` would repeat a failed write for ever. */
function flushBacklog(destination: ReturnType<typeof pino.destination>): void {
  let written = 1
  destination.on('write', (bytes: number) => {
    written = bytes
  })
  while (written > 0) {
    written = 0
    destination.flush()
  }
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
