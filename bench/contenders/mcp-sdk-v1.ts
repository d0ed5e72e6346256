import type { IncomingMessage, ServerResponse } from 'node:http'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createPlainTools } from './mcp-tools.ts'

/** The SDK's own example `simpleStatelessStreamableHttp`, with the document's tools in the place of its own. */
const { PORT, UPSTREAM = '', SCHEMAS } = process.env
const tools = createPlainTools(UPSTREAM, SCHEMAS === 'kept')

function createServer(): McpServer {
  const server = new McpServer({ name: 'stateless-streamable-http-server', version: '1.0.0' })
  for (const { name, title, description, toZodSchema, call } of tools)
    server.registerTool(name, { title, description, inputSchema: toZodSchema() }, (values) => call(values))
  return server
}

const app = createMcpExpressApp()
app.post('/mcp', async (request: IncomingMessage & { body: unknown }, response: ServerResponse) => {
  const server = createServer()
  const transport = new StreamableHTTPServerTransport({})
  // The SDK's own transport misses `exactOptionalPropertyTypes` by one optional member.
  await server.connect(transport as Parameters<typeof server.connect>[0])
  await transport.handleRequest(request, response, request.body)
  response.on('close', () => {
    transport.close()
    server.close()
  })
})
app.listen(Number(PORT), '127.0.0.1')
