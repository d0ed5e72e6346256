import { createServer } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { createPlainTools } from './mcp-tools.ts'

/**
 * The second SDK's own example `stateless-legacy`, the minimal deployment of `createMcpHandler`, with the document's
 * tools in the place of its own: both eras, and a server for each request.
 */
const { PORT, UPSTREAM = '', SCHEMAS } = process.env
const tools = createPlainTools(UPSTREAM, SCHEMAS === 'kept')
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'stateless-server', version: '1.0.0' })
  for (const { name, title, description, toZodSchema, call } of tools)
    server.registerTool(name, { title, description, inputSchema: toZodSchema() }, (values) => call(values))
  return server
})
createServer(toNodeHandler(handler)).listen(Number(PORT), '127.0.0.1')
