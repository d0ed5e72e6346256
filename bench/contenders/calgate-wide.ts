import { pino } from 'pino'
import { readConfig } from '../../src/config/config.ts'
import { readDocument } from '../../src/document/document.ts'
import { createGateway } from '../../src/gateway.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { widenDocument } from '../wide-document.ts'

/** The gateway on a document with as many operations as `OPERATIONS` says. */
const config = readConfig(process.env)
const gateway = await createGateway({
  config,
  document: widenDocument(readDocument(), Number(process.env.OPERATIONS)),
  version: '0.0.0-bench',
  logger: createLogger(config.logLevel, pino.destination({ fd: 1, sync: true })),
})
await gateway.rest.listen({ host: '127.0.0.1', port: config.restPort })
await gateway.mcp.listen({ host: '127.0.0.1', port: config.mcpPort })
