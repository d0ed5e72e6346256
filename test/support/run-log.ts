import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createLogger } from '../../src/observability/logger.ts'

/** Names the folder in which a run of the tests collects the logs of all its gateways; nothing elsewhere. */
export const folderVariable = 'CALGATE_RUN_LOGS'

/** Puts lines that a gateway logged among those that are searched when the run ends. */
export function collectLog(lines: string): void {
  const folder = process.env[folderVariable]
  if (folder) appendFileSync(join(folder, `${process.pid}.log`), lines)
}

/** The log of a gateway in a test: every line goes to the run's, and to the listener. */
export function createRunLogger(onLine: (line: string) => unknown = () => {}): Logger {
  return createLogger('trace', {
    write(line) {
      collectLog(line)
      onLine(line)
    },
  })
}
