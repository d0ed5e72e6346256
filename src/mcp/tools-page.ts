import type { FastifyReply, FastifyRequest } from 'fastify'
import { html, type Markup, sendPage } from '../http/page.ts'
import { composeConfiguration, mcpClients } from './client-configuration.ts'
import type { ToolDescription } from './tool-description.ts'

/** What the page of the MCP server shows. */
export interface ToolsPage {
  readonly title: string
  readonly tools: readonly ToolDescription[]
  /** Whether clients need a gateway key. */
  readonly isGuarded: boolean
}

/** Sends the page: tools with schemas and hints, the configuration of each client, and how to open the inspector. */
export function sendToolsPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { title, tools, isGuarded }: ToolsPage,
): FastifyReply {
  // The header is not trusted for more than what its own sender is shown.
  const isTls = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https'
  const url = `${isTls ? 'https' : 'http'}://${request.host}/mcp`
  const headers = isGuarded ? { Authorization: { prefix: 'Bearer ', variable: 'CALGATE_KEY' } } : {}
  const body = html`
<p>The endpoint is <code>${url}</code>. It offers ${tools.length} tools to you.</p>
<h2>Connect a client</h2>
${mcpClients.map((client) => describeClient(client.title, composeConfiguration(client, { url, headers })))}
<h2>Try it in the inspector</h2>
<pre tabindex="0"><code>npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list</code></pre>
<p>Without <code>--cli</code> it opens in the browser.</p>
<h2>Tools</h2>
${tools.map(describeTool)}`
  return sendPage(reply, `${title} over MCP`, body)
}

function describeClient(title: string, configuration: object): Markup {
  return html`<details><summary>${title}</summary><pre tabindex="0"><code>${JSON.stringify(configuration, null, 2)}</code></pre></details>`
}

function describeTool({ name, title, description, inputSchema, annotations }: ToolDescription): Markup {
  const told: Readonly<Record<string, unknown>> = { ...annotations }
  const hints = Object.entries(told).filter(([key, value]) => key.endsWith('Hint') && value === true)
  return html`<article>
<h3><code>${name}</code></h3>
<p>${title === name ? '' : title} ${hints.map(([key]) => html`<span class="hint">${key.replace('Hint', '')}</span> `)}</p>
<p>${description}</p>
<details><summary>Arguments of ${name}</summary><pre tabindex="0"><code>${JSON.stringify(inputSchema, null, 2)}</code></pre></details>
</article>`
}
