import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import { isUploadSent } from '../upstream/body-stream.ts'
import { claimResponse, findConnection, isHeld } from './connection.ts'
import { endConnection } from './connection-end.ts'
import { describeProblem, writeProblem } from './problem-response.ts'

const parserCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/** Refuses `CONNECT`, which Node would end without a word; `onRefused` is told. */
export function refuseConnect(server: Server, onRefused: (code: ErrorCode) => void): void {
  server.on('connect', (_request, socket) => {
    // Node's parser has left the socket and taken its listeners along.
    for (const event of ['error', 'timeout']) socket.on(event, () => socket.destroy())
    // A client that has ended its half is sent nothing that is still under way.
    socket.once('end', () => endConnection(socket))
    socket.resume()
    findConnection(socket).broken = true
    // No method is allowed on an authority (RFC 9110 §10.2.1: the list may be empty).
    const problem = new GatewayError('method_not_allowed', { headers: { allow: '' } })
    const last = findConnection(socket).pending.at(-1)?.response
    if (last) last.once('close', () => endConnection(socket, writeProblem(problem)))
    else endConnection(socket, writeProblem(problem))
    onRefused(problem.code)
  })
}

/** Refuses an expectation other than `100-continue` (RFC 9110 §10.1.1); `onRefused` is told. */
export function refuseExpectation(server: Server, onRefused: (code: ErrorCode) => void): void {
  server.on('checkExpectation', (_request, response) => {
    const problem = new GatewayError('expectation_failed')
    const { headers, body } = describeProblem(problem)
    response.writeHead(problem.status, headers).end(body)
    onRefused(problem.code)
  })
}

/**
 * Responds to what Node's HTTP parser refuses or what took too long, and ends the connection. Where a request has
 * begun and has no response yet, this is its response; behind requests that are handled there is none, and the connection
 * ends with the last of theirs.
 * Returns the code of the error; undefined where it is none, or no client is left to be told.
 */
export function respondToBrokenRequest(error: Error, socket: Duplex): ErrorCode | undefined {
  const connection = findConnection(socket)
  const code = 'code' in error ? String(error.code) : ''
  // What is not read yet is not late.
  const isNone = code === 'ERR_HTTP_REQUEST_TIMEOUT' && isHeld(connection)
  if (connection.broken || isNone) return undefined
  connection.broken = true
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return undefined
  }
  const { latest, pending } = connection
  const isSent = latest && isUploadSent(latest.request)
  const problem = new GatewayError(isSent ? 'upload_incomplete' : (parserCodes[code] ?? 'bad_request'))
  const within = latest && !latest.request.complete ? latest.response : undefined
  const last = pending.at(-1)?.response
  last?.once('close', () => endConnection(socket))
  if (within && claimResponse(within, 'refusal')) {
    const { headers, body } = describeProblem(problem)
    within.writeHead(problem.status, headers).end(body)
    // The reader of the body would send an error of its own behind this response, and log that it could not.
    latest?.request.removeAllListeners('error').on('error', () => {})
  } else if (!last) endConnection(socket, within ? '' : writeProblem(problem))
  // Node tells only what reads the socket: a body that streams would wait for its end.
  if (within) latest?.request.emit('aborted')
  // A client that has ended its half is sent nothing that is still under way.
  if (socket.readableEnded) endConnection(socket)
  else socket.once('end', () => endConnection(socket))
  return problem.code
}
