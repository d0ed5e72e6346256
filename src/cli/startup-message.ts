import type { OpenApiDocument } from '../document/document.ts'
import type { GatewayServers } from '../http/gateway.ts'
import { findSampleCall } from './sample-call.ts'

/** Composes what a user reads on a terminal once a gateway listens: its addresses, and a call to paste. */
export function composeStartupMessage(
  document: OpenApiDocument,
  { rest, mcp, control }: Pick<GatewayServers, 'rest' | 'mcp' | 'control'>,
): string {
  const addresses = [
    ['REST', rest.listeningOrigin, 'the operations, in a browser too'],
    ['MCP', `${mcp.listeningOrigin}/mcp`, 'for MCP clients; `calgate install` configures them'],
    ['control', control.listeningOrigin, 'health checks and metrics'],
  ] as const
  const width = Math.max(...addresses.map(([, url]) => url.length))
  const lines = addresses.map(([name, url, what]) => `  ${name.padEnd(7)}  ${url.padEnd(width)}  ${what}\n`)
  const call = findSampleCall(document)
  const sample = call ? `\ncurl -s ${rest.listeningOrigin}${call.path}\n` : ''
  return `\ncalgate is ready. Ctrl-C stops it.\n\n${lines.join('')}${sample}\n`
}
