import type { Post } from './era.ts'

/** The revision that began the stateless era. */
export const version = '2026-07-28'

interface Message {
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>> | undefined
}

/** The standard headers of a request, under the SDK's names for them. */
export function readStandardHeaders({ headers }: Post) {
  const pairs = [
    ['protocolVersionHeader', headers['mcp-protocol-version']],
    ['mcpMethodHeader', headers['mcp-method']],
    ['mcpNameHeader', headers['mcp-name']],
  ] as const
  return Object.fromEntries(pairs.filter(([, value]) => typeof value === 'string'))
}

/** True when the standard headers say what the body says, letter for letter, of a request that we answer. */
export function agrees({ headers }: Post, { method, params }: Message): boolean {
  if (headers['mcp-protocol-version'] !== version || headers['mcp-method'] !== method) return false
  if (method === 'tools/call') return typeof params?.name === 'string' && headers['mcp-name'] === params.name
  return method === 'tools/list' || method === 'server/discover'
}

/** True when a request names a revision before this era, or none. */
export function namesEarlierEra({ headers }: Post): boolean {
  return String(headers['mcp-protocol-version'] ?? '') < version
}

/** The request as the SDK's own handler wants it, with the headers that are its own. */
export function toWebRequest({ headers }: Post): Request {
  const web = new Headers({ 'content-type': 'application/json' })
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('mcp-') && typeof value === 'string') web.set(name, value)
  return new Request('http://localhost/mcp', { method: 'POST', headers: web })
}
