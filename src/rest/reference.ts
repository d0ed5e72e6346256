import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { once } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { acceptsHtml, html, sendHtml, sendPage } from '../http/page.ts'

/** What the API reference is about. */
export interface ReferencePageOptions {
  readonly title: string
  readonly operations: readonly Operation[]
}

/** The page and the script of the API reference, made by Scalar. */
interface Reference {
  readonly page: string
  readonly script: string
}

const scriptPath = '/js/scalar.js'

/** Stands in the page where each response has a nonce of its own. */
const placeholder = 'nonce-of-this-response'

/** Colours of Scalar with too little contrast for small text (WCAG 2.2, 1.4.3), replaced. */
const contrast = `
.light-mode { --scalar-color-2: #4a4a4a; --scalar-color-3: #5c5c5c; --scalar-color-green: #08663a; --scalar-color-red: #a8201a;
  --scalar-color-blue: #0b4fa8; --scalar-color-orange: #8a4300; --scalar-color-yellow: #6d5200; --scalar-color-purple: #6131a8 }
.dark-mode { --scalar-color-2: #c4c4c4; --scalar-color-3: #b0b0b0; --scalar-color-green: #6fdc9f; --scalar-color-red: #ff9a91;
  --scalar-color-blue: #8fc2ff; --scalar-color-orange: #ffb870; --scalar-color-yellow: #ffe08a; --scalar-color-purple: #cfaeff }
`

/**
 * Registers the API reference, with calls to try, at `/` for browsers. Scalar is loaded when a browser first asks;
 * where it is not installed, a list of the operations is the page. There is none where the API has one of its paths.
 */
export function registerReference(app: FastifyInstance, options: ReferencePageOptions): void {
  if (['/', scriptPath].some((url) => app.hasRoute({ method: 'GET', url }))) return
  const load = once(() => loadReference(options.title))
  app.get('/', async (request, reply) => {
    if (!acceptsHtml(request)) throw new GatewayError('route_not_found')
    const reference = await load()
    return reference ? sendReference(reply, reference) : sendList(reply, options)
  })
  app.get(scriptPath, async (_request, reply) => {
    const reference = await load()
    if (!reference) throw new GatewayError('route_not_found')
    return reply.type('text/javascript; charset=utf-8').send(reference.script)
  })
}

async function loadReference(title: string): Promise<Reference | undefined> {
  const scalar = await import('@scalar/fastify-api-reference').catch(() => undefined)
  if (!scalar) return undefined
  const app = Fastify()
  await app.register(scalar.default, {
    routePrefix: '/',
    configuration: {
      url: './openapi.json',
      pageTitle: title,
      nonce: placeholder,
      customCss: contrast,
      // Nothing is loaded from elsewhere, told elsewhere, or kept in the browser.
      ...{ telemetry: false, withDefaultFonts: false, persistAuth: false, hideClientButton: true },
      ...{ showDeveloperTools: 'never', agent: { disabled: true }, mcp: { disabled: true } },
    },
  })
  const [page, script] = await Promise.all(['/', scriptPath].map((url) => app.inject({ url })))
  await app.close()
  return { page: (page?.body ?? '').replace('<html>', '<html lang="en">'), script: script?.body ?? '' }
}

/** Scalar sets styles while it runs; scripts are those of the page alone, and it may ask nobody but this server. */
function sendReference(reply: FastifyReply, { page }: Reference): FastifyReply {
  const nonce = randomBytes(16).toString('base64')
  const policy = `script-src 'nonce-${nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'`
  return sendHtml(reply, page.replaceAll(placeholder, nonce), policy)
}

function sendList(reply: FastifyReply, { title, operations }: ReferencePageOptions): FastifyReply {
  const items = operations.map(
    ({ method, restPath, summary }) =>
      html`<article><h3><code>${method} ${restPath}</code></h3>${summary}</article>`,
  )
  const body = html`
<p>The document of this API is <a href="/openapi.json">/openapi.json</a>. With the package
<code>@scalar/fastify-api-reference</code> installed, this page lets you try the calls.</p>
<h2>Operations</h2>
${items}`
  return sendPage(reply, title, body)
}
