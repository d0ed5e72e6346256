/**
 * A value of a configuration: a text, or a variable of the client's environment with what stands before it. `advice` says
 * what to do for a client that reads none, where no file can replace the variable.
 */
export type ConfigurationValue =
  | string
  | { readonly prefix?: string; readonly variable: string; readonly advice?: string }

/** An MCP server as a client reaches it. */
export type McpServerEntry =
  | { readonly url: string; readonly headers: Readonly<Record<string, ConfigurationValue>> }
  | {
      readonly command: string
      readonly args: readonly string[]
      readonly env: Readonly<Record<string, ConfigurationValue>>
    }

/** An MCP client, and where and how it is configured. */
export interface McpClient {
  readonly id: string
  readonly title: string
  /** The file, `~/` for the home folder of the user, else in the folder of a project. */
  readonly file: string
  /** The file on systems where it is another. */
  readonly files?: Readonly<Record<string, string>>
  /** Member of the file that servers stand in. */
  readonly member: 'mcpServers' | 'servers'
  /** Writes a reference to a variable; undefined for a client that reads none. */
  readonly refer?: (variable: string) => string
  /** Members of a server that is reached by a URL; undefined for a client that only starts programs. */
  readonly remote?: (url: string) => object
}

/** The clients that can be configured. */
export const mcpClients: readonly McpClient[] = [
  {
    ...{ id: 'claude-code', title: 'Claude Code', file: '.mcp.json', member: 'mcpServers' },
    refer: (variable) => `\${${variable}}`,
    remote: (url) => ({ type: 'http', url }),
  },
  {
    ...{ id: 'claude-desktop', title: 'Claude Desktop', member: 'mcpServers' },
    file: '~/Library/Application Support/Claude/claude_desktop_config.json',
    files: {
      win32: '~/AppData/Roaming/Claude/claude_desktop_config.json',
      linux: '~/.config/Claude/claude_desktop_config.json',
    },
  },
  {
    ...{ id: 'vscode', title: 'VS Code', file: '.vscode/mcp.json', member: 'servers' },
    refer: (variable) => `\${env:${variable}}`,
    remote: (url) => ({ type: 'http', url }),
  },
  {
    ...{ id: 'cursor', title: 'Cursor', file: '.cursor/mcp.json', member: 'mcpServers' },
    refer: (variable) => `\${env:${variable}}`,
    remote: (url) => ({ url }),
  },
  {
    ...{ id: 'gemini', title: 'Gemini CLI', file: '.gemini/settings.json', member: 'mcpServers' },
    refer: (variable) => `\${${variable}}`,
    remote: (httpUrl) => ({ httpUrl }),
  },
]

/**
 * Composes what a client's file has for a server called calgate. A client that only starts programs reaches a URL through
 * `mcp-remote`. Throws a `RangeError` for a variable of a program where the client reads none.
 */
export function composeConfiguration(client: McpClient, server: McpServerEntry): object {
  return { [client.member]: { calgate: composeServer(client, server) } }
}

function composeServer(client: McpClient, server: McpServerEntry): object {
  const write = (values: Readonly<Record<string, ConfigurationValue>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, writeValue(client, value)]))
  if ('command' in server) return { command: server.command, args: server.args, env: write(server.env) }
  const { url, headers } = server
  if (client.remote) {
    const written = write(headers)
    return { ...client.remote(url), ...(Object.keys(written).length > 0 && { headers: written }) }
  }
  return composeRelay(url, headers)
}

/**
 * Composes the start of `mcp-remote`. It reads variables itself, those of `env` alone, since these clients pass none on;
 * and on Windows they break arguments with a blank in two. What a person has to fill in stands in angle brackets.
 */
function composeRelay(url: string, headers: Readonly<Record<string, ConfigurationValue>>): object {
  const env = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toUpperCase(),
      typeof value === 'string' ? value : `${value.prefix ?? ''}<${value.variable}>`,
    ]),
  )
  const options = Object.keys(headers).flatMap((name) => ['--header', `${name}:\${${name.toUpperCase()}}`])
  const isTaken = /^(https:|http:\/\/(localhost|127\.0\.0\.1)[:/])/.test(url)
  return {
    command: 'npx',
    args: ['-y', 'mcp-remote', url, ...(isTaken ? [] : ['--allow-http']), ...options],
    ...(options.length > 0 && { env }),
  }
}

function writeValue({ title, refer }: McpClient, value: ConfigurationValue): string {
  if (typeof value === 'string') return value
  if (!refer) {
    const { variable } = value
    const { advice = `give ${variable} as a file: by ${variable}_FILE, or file: in calgate.yaml` } = value
    throw new RangeError(`${title} reads no variables; ${advice}`)
  }
  return `${value.prefix ?? ''}${refer(value.variable)}`
}
