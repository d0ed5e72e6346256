import { MCPServer } from 'mcp-use'
import { readDocument } from '../../src/document/document.ts'

/** mcp-use makes its tools from the same document; the arguments are named as the document's parameters. */
const { PORT, UPSTREAM: baseUrl = '' } = process.env
const server = MCPServer.fromOpenAPI({
  spec: readDocument(),
  name: 'calgate-bench',
  version: '1.0.0',
  baseUrl,
})
await server.listen(Number(PORT))
