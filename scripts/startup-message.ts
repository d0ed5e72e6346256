import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { demoClient } from '../mocks/cal-com/store.ts'
import { configureDemo } from '../mocks/start.ts'
import { findSampleCall } from '../src/cli/sample-call.ts'
import type { OpenApiDocument } from '../src/document/document.ts'

/** Origins of the servers that `make dev` has started. */
export interface Origins {
  readonly mock: string
  readonly rest: string
  readonly mcp: string
}

/**
 * Composes the message of `make dev`: two MCP client configurations, the addresses and a call to paste, the most
 * useful last, where a terminal shows it. Without `isConfigured` the call and the configuration bring the secret.
 * Colours appear on a terminal only, and never with `NO_COLOR`.
 */
export function composeStartupMessage(
  document: OpenApiDocument,
  { mock, rest, mcp }: Origins,
  isConfigured: boolean,
): string {
  const { path, secretHeader } = readSampleCall(document)
  const http = {
    type: 'http',
    url: `${mcp}/mcp`,
    ...(isConfigured ? {} : { headers: { [secretHeader]: demoClient.secret } }),
  }
  const stdio = {
    command: process.execPath,
    args: [fileURLToPath(new URL('../src/main.ts', import.meta.url)), 'mcp', '--stdio'],
    env: configureDemo(mock),
  }
  const header = isConfigured ? '' : `-H '${secretHeader}: ${demoClient.secret}' `
  return `
${styleText(['bold', 'green'], 'calgate is ready.')} Ctrl-C stops it.

Configuration of an MCP client over HTTP:
${configure(http)}

The same over stdio:
${configure(stdio)}

  REST  ${styleText('cyan', rest)}
  MCP   ${styleText('cyan', `${mcp}/mcp`)}
  mock  ${styleText('cyan', mock)} (stands in for Cal.com)

curl -s ${header}${rest}${path}
`
}

function configure(server: object): string {
  return JSON.stringify({ mcpServers: { calgate: server } })
}

function readSampleCall(document: OpenApiDocument): { readonly path: string; readonly secretHeader: string } {
  const { path = '/', parameters = [] } = findSampleCall(document) ?? {}
  const secretHeader = parameters.find((one) => one.in === 'header' && one.schema?.format === 'password')
  return { path, secretHeader: String(secretHeader?.name) }
}
