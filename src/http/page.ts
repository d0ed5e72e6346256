import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Text that is HTML already. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Writes HTML; values are escaped, but those that are markup themselves. */
export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  return new Markup(parts.map((part, index) => part + write(values[index])).join(''))
}

function write(value: unknown): string {
  if (Array.isArray(value)) return value.map(write).join('')
  if (value instanceof Markup) return value.text
  return String(value ?? '').replaceAll(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
}

/** Returns whether a client asks for a page, as browsers do. */
export function acceptsHtml({ headers }: FastifyRequest): boolean {
  return /(^|,)\s*text\/html\s*([;,]|$)/i.test(headers.accept ?? '')
}

const styles = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: light-dark(#0b57d0, #8ab4f8) }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere;
  color: light-dark(#1b1b1f, #e4e2e6); background: light-dark(#fff, #121316) }
a, summary { color: var(--link) }
summary { cursor: pointer; padding: .5rem 0 }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; overflow: auto; padding: .75rem; max-height: 24rem }
article { border-top: 1px solid var(--line); padding: .5rem 0 }
h1 { font-size: 1.6rem } h2 { font-size: 1.25rem; margin-top: 2rem } h3 { font-size: 1rem; margin: .5rem 0 0 }
.hint { border: 1px solid var(--line); border-radius: 1rem; font-size: .85rem; padding: .1rem .6rem; white-space: nowrap }
`

const stylesHash = createHash('sha256').update(styles).digest('base64')

/** Sends a page without a script, which loads nothing and may be framed by nobody. */
export function sendPage(reply: FastifyReply, title: string, body: Markup): FastifyReply {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(styles)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`
  return sendHtml(reply, page.text, `style-src 'sha256-${stylesHash}'`)
}

/** Sends HTML with a policy: what it does not name is forbidden (Content Security Policy Level 3). */
export function sendHtml(reply: FastifyReply, text: string, policy: string): FastifyReply {
  return reply
    .headers({
      'content-security-policy': `default-src 'none'; ${policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .type('text/html; charset=utf-8')
    .send(text)
}
