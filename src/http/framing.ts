import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'

const parserCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/** Milliseconds for a refused caller to read why before its connection is cut. */
const linger = 1_000

/** What a connection has asked so far, and what it still waits for. */
interface Connection {
  request?: IncomingMessage
  response?: ServerResponse
  unanswered: number
  broken: boolean
}

const connections = new WeakMap<Socket, Connection>()

/** Follows the requests of a server's connections, so that what is broken in them is answered once at most. */
export function watchRequests(server: Server): void {
  server.prependListener('request', follow)
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    follow(request, response)
    response.writeHead(417, { connection: 'close' }).end()
  })
}

function follow(request: IncomingMessage, response: ServerResponse): void {
  const connection = findConnection(request.socket)
  connection.request = request
  connection.response = response
  connection.unanswered += 1
  response.on('close', () => {
    connection.unanswered -= 1
  })
}

function findConnection(socket: Socket): Connection {
  const known = connections.get(socket)
  if (known) return known
  const fresh = { unanswered: 0, broken: false }
  connections.set(socket, fresh)
  return fresh
}

/**
 * Ends a connection whose bytes Node's HTTP parser refuses or that took too long. What is broken within a request
 * is its answer, unless it has one; what follows the last request is answered after those before it. Returns the
 * error that it is; undefined where nobody is left to be told.
 */
export function answerBrokenRequest(error: Error, socket: Socket): ErrorCode | undefined {
  const connection = findConnection(socket)
  if (connection.broken) return undefined
  connection.broken = true
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return undefined
  }
  const problem = new GatewayError(parserCodes[code] ?? 'bad_request')
  const body = JSON.stringify(problem.toProblem())
  const headers = { connection: 'close', 'content-type': 'application/problem+json' }
  const { request, response, unanswered } = connection
  const within = request !== undefined && response !== undefined && !request.complete
  if (within && !response.headersSent) {
    afterClose(response, socket)
    response.writeHead(problem.status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
  } else if (within && unanswered === 0) end(socket)
  else if (unanswered > 0) afterClose(response, socket)
  else {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n`
    end(socket, `${status}${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }
  return problem.code
}

/** What is broken behind a request that is still worked on gets no answer: that one's must not be lost for it. */
function afterClose(response: ServerResponse | undefined, socket: Socket): void {
  response?.once('close', () => end(socket))
}

/** Cut at once, a connection takes what it was just told with it. */
function end(socket: Socket, text = ''): void {
  if (!socket.writable) return
  socket.end(text)
  const late = setTimeout(() => socket.destroy(), linger)
  late.unref()
  socket.once('close', () => clearTimeout(late))
}

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
