import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

/** Every field that a log line can have; docs/observability.md is tested against it. */
export const logFields = {
  level: '30 for information, 40 and more for what needs attention (pino)',
  time: 'When the line was written, ISO 8601',
  msg: 'What happened',
  requestId: 'UUID of the request, the `x-request-id` of the response where the gateway sets it',
  surface: '`rest` or `mcp`',
  method: 'HTTP method',
  route: 'Template of the path; `none` where there is no such route',
  status: 'HTTP status of the response; 499 when the client disconnected first',
  code: "The gateway's own error, as in [errors.md](errors.md)",
  cause:
    'Code of what caused it, such as `ECONNREFUSED`; of an access token the claim and what is wrong with it',
  ms: 'Milliseconds from the request to the end of its response',
  traceId:
    'Id of the trace: of a valid `traceparent` header, or of one that begins here where traces are sent',
  tool: 'Tools that the request called, by name',
  toolStatus: 'How the call ended: the status of the upstream or of the error; of several calls the highest',
  operation: '`operationId` of the document; method and path of an operation that is not served',
  reason: 'What is wrong with the document, or which settings need a restart',
  caller: 'Who made a write: name of the key, or issuer and subject of the access token',
  ids: 'Path parameters of a write that are ids and no secrets, by name',
  pointer: 'Location of a response mismatch: JSON pointer, `*` for any index or key, `?` for an unknown name',
  rule: 'Keyword of JSON Schema that the response breaks there',
  err: 'Type and codes of an unexpected error, never its message',
} as const

/**
 * Creates the gateway's log: JSON, one object a line, at any level only the fields above, and those that a child logger
 * is bound to. Of an error only its type and codes are logged: a message may repeat what a client or the upstream sent.
 */
export function createLogger(level: string, destination: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { log: selectFields },
    hooks: {
      // Without a text pino logs the message of the error.
      logMethod(parts, method) {
        const fields: unknown = parts[0]
        if (!(fields instanceof Error) && (typeof fields !== 'object' || parts[1] !== undefined))
          return method.apply(this, parts)
        const [, text = 'failed', ...more] = parts
        method.call(this, fields instanceof Error ? { err: fields } : fields, text, ...more)
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

/** The log of a process. */
export interface ProcessLog {
  readonly logger: Logger
  /** Writes as much of the backlog as the log takes, at once; for the end of the process. */
  flush(): void
}

/**
 * Opens the log of a process on its standard output or error. Lines are written in batches, at the latest after a
 * second. A full disk or a pipe that nobody reads costs lines, which are counted; it neither stops the process nor
 * keeps it from ending: Node makes a pipe non-blocking when `process.stdout` or `process.stderr` is first read.
 */
export function openLog({ fd }: { readonly fd: number }, level: string): ProcessLog {
  const destination = pino.destination({
    fd,
    sync: true,
    // For each line the destination measures the whole batch once more, which in large ones costs more than writing.
    minLength: 1_024,
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
  let written = 0
  destination.on('write', (bytes: number) => {
    written = bytes
  })
  return {
    logger: createLogger(level, destination),
    // The `flushSync` of the destination would repeat a failed write for ever.
    flush() {
      do {
        written = 0
        destination.flush()
      } while (written > 0)
    },
  }
}

const known: ReadonlySet<string> = new Set(Object.keys(logFields))

/** Copies the fields only where one has to be left out, which is rare. */
function selectFields(fields: Record<string, unknown>): Record<string, unknown> {
  for (const name in fields)
    if (!known.has(name)) return Object.fromEntries(Object.entries(fields).filter(([one]) => known.has(one)))
  return fields
}

/** What of an error is logged. */
class ErrorDescription {
  readonly type: string
  readonly code?: unknown
  readonly cause?: ErrorDescription

  constructor(error: unknown) {
    this.type = error instanceof Error ? nameType(error) : typeof error
    if (!(error instanceof Error)) return
    if ('code' in error) this.code = error.code
    if (error.cause !== undefined) this.cause = new ErrorDescription(error.cause)
  }
}

/** The classes of many libraries leave the name as it is. */
function nameType(error: Error): string {
  return error.name === 'Error' ? error.constructor.name : error.name
}

/**
 * Describes an error by type and codes, without its message, for a log that a program brings, too. A description stays
 * as it is.
 */
export function describeError(error: unknown): ErrorDescription {
  return error instanceof ErrorDescription ? error : new ErrorDescription(error)
}
