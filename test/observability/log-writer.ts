import { countDroppedLines, openLog } from '../../src/observability/logger.ts'

/** More than the backlog of the log. */
const lines = 60_000

const logger = openLog(1, 'info')
for (let line = 0; line < lines; line += 1) logger.info({ route: 'x'.repeat(100) }, 'written')
process.stderr.write(String(countDroppedLines()))
process.exit(0)
