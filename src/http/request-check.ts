import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { isLoopback } from '../config/urls.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** Prepares finding the first of some headers that stands more than once in a message. */
export function createRepeatFinder(
  names: readonly string[],
): (rawHeaders: readonly string[]) => string | undefined {
  const wanted = new Set(names.map((name) => name.toLowerCase()))
  // To tell a name by its length first spares most headers the change of their case.
  const lengths = new Set([...wanted].map(({ length }) => length))
  return (rawHeaders) => {
    const seen: string[] = []
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const written = rawHeaders[index] ?? ''
      if (!lengths.has(written.length)) continue
      const name = written.toLowerCase()
      if (!wanted.has(name)) continue
      if (seen.includes(name)) return name
      seen.push(name)
    }
    return undefined
  }
}

/** Finds a header that stands more than once and may not. */
const findRepeated = createRepeatFinder([
  'host',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'origin',
  'authorization',
])

/** Headers of a request at most. Node before 22.23 drops those behind the 1,000th without an error. */
const mostHeaders = 1_000
const tooMany = `The limit is ${mostHeaders.toLocaleString('en')} headers.`

/**
 * Refuses what two readers of the same bytes could read in two ways (RFC 9112 §3.2, §6.1): too many headers, no host or
 * several, a repeated header that may stand once, a transfer coding other than `chunked`. Throws `bad_request` or
 * `headers_too_large`.
 */
export function checkFraming({ rawHeaders, headers, httpVersion, url }: IncomingMessage): void {
  if (rawHeaders.length > 2 * mostHeaders) throw refuse(tooMany, 'headers_too_large')
  // The asterisk means the server as a whole; the router would take it for the root.
  if (url === '*') throw new GatewayError('route_not_found')
  if (url?.includes('#')) throw refuse('A target has no fragment; encode # as %23.')
  if (httpVersion !== '1.1' && httpVersion !== '1.0') throw refuse('Only HTTP/1.1 and 1.0 are spoken here.')
  const repeated = findRepeated(rawHeaders)
  if (repeated !== undefined) throw refuse(`The header ${repeated} stands more than once; send it once.`)
  if (headers.host === undefined) throw refuse('The header host is missing.')
  const coding = headers['transfer-encoding']
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    throw refuse('The only transfer coding understood here is chunked, in HTTP/1.1.')
}

/**
 * Refuses a body in another encoding than plain UTF-8 (RFC 8259 §8.1): it would be checked as something other than
 * what it is. Throws `unsupported_media_type`.
 */
export function checkEncoding({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = headers
  if (!isUtf8(type) || coding.toLowerCase() !== 'identity')
    throw new GatewayError('unsupported_media_type', { detail: wrongCoding })
}

const wrongCoding = 'Send the body in UTF-8 and without a content encoding.'

/** Of several charsets each reader takes its own. */
function isUtf8(contentType: string): boolean {
  const [, ...charsets] = contentType.split(/;\s*charset\s*=/i)
  return charsets.every((one) => /^\s*"?utf-?8(?:["\s;]|$)/i.test(one))
}

function refuse(detail: string, code: 'bad_request' | 'headers_too_large' = 'bad_request'): GatewayError {
  return new GatewayError(code, { detail, headers: { connection: 'close' } })
}

/** Which hosts and origins a server serves beside the loopback ones. */
export interface SourceOptions {
  /** Lower-case names, with a port where only that port is meant; `*.` at the beginning covers all names below. */
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Whether IP addresses are allowed as hosts; DNS rebinding takes a name. */
  readonly allowAddresses?: boolean | undefined
  /** Whether links of other sites may lead to every path, and not to the page at `/` alone. */
  readonly allowLinks?: boolean | undefined
}

/**
 * Creates a check of Host and Origin against DNS rebinding (MCP 2025-11-25 "Transports", Security Warning) and calls of other
 * sites. The check throws `host_not_allowed` or `origin_not_allowed`; a public route is for every origin.
 */
export function createSourceCheck(
  options: SourceOptions,
): (request: IncomingMessage, isPublic?: boolean) => void {
  const { allowedHosts, allowAddresses } = options
  // Most clients name one of these.
  const usual = new Set(['localhost', '127.0.0.1', '[::1]', ...allowedHosts])
  const domains = allowedHosts.flatMap((one) => (one.startsWith('*.') ? one.slice(1) : []))
  const isHostAllowed = (host: string) => {
    const name = host.toLowerCase()
    const bare = name.replace(/:\d*$/, '')
    if (usual.has(bare) || usual.has(name) || isLoopback(bare)) return true
    const isBelow = (domain: string) =>
      [name, bare].some((one) => one.length > domain.length && one.endsWith(domain))
    return domains.some(isBelow) || (allowAddresses === true && isIP(bare.replace(/^\[(.*)\]$/, '$1')) > 0)
  }
  return ({ headers, url = '/' }, isPublic = false) => {
    const { host = '', origin } = headers
    // The authority of a target in absolute form stands in for Host (RFC 9112 §3.2.2).
    const authority = url.startsWith('/') ? undefined : /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
    if (!isHostAllowed(authority ?? host)) throw new GatewayError('host_not_allowed')
    if (isPublic) return
    // A browser sends no origin with what a page embeds or links to, but says that it is of another site (Fetch Metadata).
    const isForeign = origin === undefined && headers['sec-fetch-site'] === 'cross-site'
    if (isForeign && !(isLink(headers) && (options.allowLinks || url === '/')))
      throw new GatewayError('origin_not_allowed', { detail: withoutOrigin })
    if (origin !== undefined && !isOriginAllowed(origin, options))
      throw new GatewayError('origin_not_allowed')
  }
}

const withoutOrigin = 'A page of another site calls this gateway by fetch with CORS, which sends its origin.'

/** Returns whether a person follows a link, and what it leads to takes the place of the page. */
function isLink(headers: IncomingMessage['headers']): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

/** Returns whether an origin is a loopback web page, or one that the operator has listed. */
function isOriginAllowed(origin: string, { allowedOrigins }: SourceOptions): boolean {
  if (allowedOrigins.includes(origin.toLowerCase())) return true
  if (!URL.canParse(origin)) return false
  const { protocol, hostname } = new URL(origin)
  return /^https?:$/.test(protocol) && isLoopback(hostname)
}

/** Which web pages may call, and what they may use beside what is usual. */
export interface CorsOptions extends SourceOptions {
  /** Methods of the operations. */
  readonly methods?: readonly string[] | undefined
  /** Names, in lower case, of the response headers that come from the API. */
  readonly responseHeaders?: ReadonlySet<string> | undefined
}

const usualMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Response headers of the gateway itself that a web page may read. */
const usualHeaders = ['x-request-id', 'retry-after', 'www-authenticate']

/** Seconds for which a browser may remember a preflight. */
const maxAge = 600

/**
 * Registers CORS for the origins that may call, and for every origin on public routes; a page may send any header. Await
 * it before the hooks that authenticate are added: a preflight brings no credential. `OPTIONS` of any path that is no
 * preflight reaches the handler for what is not found.
 */
export async function registerCors(app: FastifyInstance, options: CorsOptions): Promise<void> {
  const { methods = [], responseHeaders = [] } = options
  const usual = {
    methods: unite(usualMethods, methods),
    exposedHeaders: unite(usualHeaders, responseHeaders),
    maxAge,
  }
  const forAll = { ...usual, origin: '*' }
  const forAllowed = { ...usual, origin: true }
  const forOthers = { ...usual, origin: false }
  await app.register(cors, {
    delegator: ({ headers, routeOptions }, done) => {
      if (routeOptions.config.isPublic === true) return done(null, forAll)
      const isAllowed = headers.origin !== undefined && isOriginAllowed(headers.origin, options)
      done(null, isAllowed ? forAllowed : forOthers)
    },
  })
}

function unite(usual: readonly string[], described: Iterable<string>): string {
  return [...new Set([...usual, ...described])].join(', ')
}
