import { clients, type Place } from '../test/support/mcp-clients.ts'
import { breakCall, readToolResult } from './call-result.ts'
import type { ServerClient } from './server-client.ts'

/** The MCP server of a gateway in one era, through a real client. */
export interface McpClient extends ServerClient {
  /** The tools as `tools/list` shows them. */
  listTools(): Promise<readonly unknown[]>
  /** Calls any tool; throws what the client throws. */
  callTool(name: string, values: Readonly<Record<string, unknown>>): Promise<unknown>
}

/** The eras that every requirement is tested in, each with the client that speaks it. */
export const eras = [
  { name: 'MCP 2025-11-25', client: 'the v1 client of the initialize era' },
  { name: 'MCP 2026-07-28', client: 'the v2 client of 2026-07-28' },
] as const

/** Opens the MCP server of a gateway in one era, with further headers on each request. */
export async function openMcpClient(
  url: string,
  era: (typeof eras)[number],
  headers: Readonly<Record<string, string>> = {},
): Promise<McpClient> {
  const speaker = clients.find(({ client }) => client === era.client)
  if (!speaker) throw new TypeError(`there is no client named "${era.client}"`)
  const place: Place = { url, headers }
  const client = await speaker.connect(place)
  const callTool = async (name: string, values: Readonly<Record<string, unknown>>): Promise<unknown> =>
    client.callTool({ name, arguments: { ...values } })
  return {
    surface: 'mcp',
    name: era.name,
    url,
    headers,
    callTool,
    async call({ tool }, values) {
      try {
        return readToolResult(await callTool(tool, values))
      } catch (error) {
        return breakCall(String(error))
      }
    },
    async listTools() {
      const { tools } = await client.listTools()
      return tools
    },
    close: () => client.close(),
  }
}
