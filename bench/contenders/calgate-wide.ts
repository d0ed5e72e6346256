import { pino } from 'pino'
import { readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { createGateway } from '../../src/gateway.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { widenDocument } from '../wide-document.ts'

/** The gateway on a document with as many operations as `OPERATIONS` says. */
const document = widenDocument(readDocument(), Number(process.env.OPERATIONS))
const config = readConfig(process.env, readApi(document))
const gateway = await createGateway({
  config,
  document,
  version: '0.0.0-bench',
  logger: createLogger(config.logLevel, pino.destination({ fd: 1, sync: true })),
})
await gateway.rest.listen({ host: '127.0.0.1', port: config.restPort })
await gateway.mcp.listen({ host: '127.0.0.1', port: config.mcpPort })
