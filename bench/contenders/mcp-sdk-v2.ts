import { createServer } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { createPlainTools } from './mcp-tools.ts'

/** The second SDK as its documentation serves both eras: `createMcpHandler`, a server for each request. */
const { PORT, UPSTREAM = '' } = process.env
const tools = createPlainTools(UPSTREAM)
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'stateless-server', version: '1.0.0' })
  for (const { name, title, description, zodSchema, call } of tools)
    server.registerTool(name, { title, description, inputSchema: zodSchema }, (values) => call(values))
  return server
})
createServer(toNodeHandler(handler)).listen(Number(PORT), '127.0.0.1')
