import { type DestinationStream, type Logger, pino } from 'pino'

/**
 * Creates the gateway's log: JSON, one object a line. Only what a call site names gets in, and of an error
 * only its type and codes: a message may repeat what a caller or the upstream sent.
 */
export function createLogger(level: string, destination: DestinationStream): Logger {
  const serializers = { err: describeError, req: () => undefined, res: () => undefined }
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers }, destination)
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
