import { createServer } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { createPlainTools } from './mcp-tools.ts'

/**
 * The second SDK's own example `stateless-legacy`, the minimal deployment of `createMcpHandler`, with the document's
 * tools in the place of its own: both eras, and a server for each request.
 */
const { PORT, UPSTREAM = '', SCHEMAS } = process.env
const tools = createPlainTools(UPSTREAM)
// The examples make their schemas along with each server; what it would cost without is measured beside them.
const kept =
  SCHEMAS === 'kept' ? new Map(tools.map(({ name, toZodSchema }) => [name, toZodSchema()])) : undefined
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'stateless-server', version: '1.0.0' })
  for (const { name, title, description, toZodSchema, call } of tools) {
    const inputSchema = kept?.get(name) ?? toZodSchema()
    server.registerTool(name, { title, description, inputSchema }, (values) => call(values))
  }
  return server
})
createServer(toNodeHandler(handler)).listen(Number(PORT), '127.0.0.1')
