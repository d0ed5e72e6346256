import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors/gateway-error.ts'

const single = new Set([
  'host',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'origin',
  'authorization',
])

/** To tell a name by its length first spares most headers the change of their case. */
const lengths = new Set([...single].map(({ length }) => length))

/**
 * Refuses what two readers of the same bytes could read in two ways (RFC 9112 §3.2, §6.1): no host or several, a
 * repeated header that may stand once, a transfer coding other than `chunked`. Throws `bad_request`.
 */
export function checkFraming({ rawHeaders, headers, httpVersion, url }: IncomingMessage): void {
  // The asterisk means the server as a whole; the router would take it for the root.
  if (url === '*') throw new GatewayError('route_not_found')
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    throw refuse('Only HTTP/1.1 and HTTP/1.0 are spoken here.')
  const repeated = findRepeated(rawHeaders)
  if (repeated !== undefined) throw refuse(`The header ${repeated} stands more than once; send it once.`)
  if (headers.host === undefined) throw refuse('The header host is missing.')
  const coding = headers['transfer-encoding']
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    throw refuse('The only transfer coding understood here is chunked, in HTTP/1.1.')
}

/** The first header that stands more than once and may not; names and values alternate. */
function findRepeated(rawHeaders: readonly string[]): string | undefined {
  const seen: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const written = rawHeaders[index] ?? ''
    if (!lengths.has(written.length)) continue
    const name = written.toLowerCase()
    if (!single.has(name)) continue
    if (seen.includes(name)) return name
    seen.push(name)
  }
  return undefined
}

/**
 * Refuses a body in another encoding than plain UTF-8 (RFC 8259 §8.1): it would be checked as something other than
 * what it is. Throws `unsupported_media_type`.
 */
export function checkEncoding({ headers }: Pick<IncomingMessage, 'headers'>): void {
  if (!isUtf8(headers['content-type'] ?? '') || (headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new GatewayError('unsupported_media_type')
}

function isUtf8(contentType: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  return /^utf-?8$/i.test(charset)
}

function refuse(detail: string): GatewayError {
  return new GatewayError('bad_request', { detail, headers: { connection: 'close' } })
}
