import { countDroppedLines, openLog } from '../../src/observability/logger.ts'

/** More than the backlog of the log. */
const lines = 60_000

const { logger, flush } = openLog(process.stdout, 'info')
process.on('exit', flush)
for (let line = 0; line < lines; line += 1) logger.info({ route: 'x'.repeat(100) }, 'written')
process.stderr.write(String(countDroppedLines()))
process.exit(0)
