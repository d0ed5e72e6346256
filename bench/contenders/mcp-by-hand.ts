import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createPlainTools, type PlainResult, type PlainTool } from './mcp-tools.ts'

/** The limit: JSON-RPC, Ajv over the arguments and undici, and nothing that is not needed for an answer. */
const { PORT, UPSTREAM = '' } = process.env
const tools = new Map(createPlainTools(UPSTREAM).map((tool) => [tool.name, tool]))
const list = [...tools.values()].map(({ name, title, description, inputSchema }) => ({
  name,
  title,
  description,
  inputSchema,
}))

createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    answer(JSON.parse(Buffer.concat(chunks).toString()), request)
      .catch((error: unknown) => ({ error: { code: -32603, message: String(error) } }))
      .then((message) => send(response, message))
  })
}).listen(Number(PORT), '127.0.0.1')

async function answer(message: Record<string, unknown>, request: IncomingMessage): Promise<object> {
  const { id, method, params } = message
  const isStateless = request.headers['mcp-protocol-version'] === '2026-07-28'
  const complete = isStateless ? { resultType: 'complete' } : {}
  if (method === 'tools/list') return { jsonrpc: '2.0', id, result: { ...complete, tools: list } }
  const { name, arguments: values } = Object(params)
  const tool = tools.get(name)
  if (method !== 'tools/call' || !tool)
    return { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }
  return { jsonrpc: '2.0', id, result: { ...complete, ...(await call(tool, values)) } }
}

async function call(tool: PlainTool, values: Record<string, unknown>): Promise<PlainResult> {
  if (tool.validate(values)) return tool.call(values)
  const text = (tool.validate.errors ?? [])
    .map(({ instancePath, message }) => `${instancePath} ${message}`)
    .join('; ')
  return { content: [{ type: 'text', text }], isError: true }
}

function send(response: ServerResponse, message: object): void {
  const text = JSON.stringify(message)
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}
