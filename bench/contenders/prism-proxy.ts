import { readFileSync } from 'node:fs'
import { createLogger } from '@stoplight/prism-core'
import { getHttpOperationsFromSpec } from '@stoplight/prism-http'
import { createServer } from '@stoplight/prism-http-server'

/** `prism proxy --errors`, without the log in colours that its command adds. */
const { PORT, UPSTREAM = '' } = process.env
const document = new URL('../../openapi/openapi.json', import.meta.url)
const operations = await getHttpOperationsFromSpec(JSON.parse(readFileSync(document, 'utf8')))
const server = createServer(operations, {
  cors: false,
  config: {
    isProxy: true,
    upstream: new URL(UPSTREAM),
    upstreamProxy: undefined,
    validateRequest: true,
    validateResponse: true,
    checkSecurity: true,
    errors: true,
    mock: { dynamic: false },
  },
  components: { logger: createLogger('prism', { level: 'silent' }) },
})
await server.listen(Number(PORT), '127.0.0.1')
