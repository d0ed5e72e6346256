import type { IncomingMessage } from 'node:http'
import { Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readBody } from '../document/body-reading.ts'
import { findMediaType, type MediaType, type RequestBody } from '../document/media-types.ts'
import type { Operation } from '../document/operations.ts'
import { GatewayError, refuseArguments } from '../errors/gateway-error.ts'
import { endBehind } from '../http/connection-end.ts'
import { parseBodies } from '../http/listener.ts'
import { refuseSize } from '../http/problem-response.ts'
import { checkEncoding } from '../http/request-check.ts'
import { noteUpload, type StreamLimit } from '../upstream/body-stream.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as they came, or as they come; absent when there is none. */
    rawBody: Buffer | Readable | undefined
    /** What the body is written in. */
    bodyType: MediaType | undefined
  }
}

/** Bytes of a body at most. */
export interface BodyLimits {
  /** Of JSON, forms and texts. */
  readonly text: number
  /** Of multipart forms and bytes. */
  readonly file: number
}

/** Types that are read as texts; JSON has a parser of its own, which Fastify finds without a search. */
const texts =
  /^text\/|^application\/(?:x-www-form-urlencoded|(?:[^;]*\+)?(?:json|xml|yaml)|graphql|javascript)\s*(?:;|$)/i

const multipart = 'multipart/form-data'

/** Returns whether a body is a multipart form, which has the limit of files. */
export function isForm({ headers }: FastifyRequest): boolean {
  return headers['content-type']?.toLowerCase().startsWith(multipart) ?? false
}

/**
 * Reads bodies twice: once as the bytes that go upstream, once as the value that is validated, by the media type that
 * the client chose. Bytes have nothing to validate, and stream. An empty body is none, since many clients send a content
 * type without one. Throws `unsupported_media_type` on a type that the operation does not take.
 */
export function registerBodyParser(
  app: FastifyInstance,
  { text, file }: BodyLimits,
  uploads: StreamLimit,
): void {
  app.decorateRequest('rawBody', undefined)
  app.decorateRequest('bodyType', undefined)
  const choose = (request: FastifyRequest) => {
    const { operation } = request.route.config
    const { body } = operation ?? {}
    const mediaType = body && findMediaType(body.content, request.headers['content-type'] ?? '')
    return operation && mediaType ? { operation, mediaType } : refuseType(body)
  }
  const parse = (bytes: Buffer, request: FastifyRequest) => {
    if (bytes.length === 0) return undefined
    const choice = choose(request)
    if (choice instanceof GatewayError) throw choice
    const { mediaType } = choice
    request.rawBody = bytes
    request.bodyType = mediaType
    return readBody(mediaType, bytes, request.headers['content-type'] ?? '')
  }
  parseBodies(app, parse, 'application/json', text)
  parseBodies(app, parse, texts, text)
  parseBodies(app, parse, multipart, file)
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
    if (!announcesBody(request.raw)) return undefined
    const choice = choose(request)
    if (choice instanceof GatewayError) return expectEmpty(request.raw, choice)
    checkEncoding(request)
    const { operation, mediaType } = choice
    const isBytes = mediaType.kind === 'bytes'
    const body = limitBody(payload, request, isBytes ? file : text)
    if (!isBytes || mayRepeat(operation)) return parse(await buffer(body), request)
    request.rawBody = body
    noteUpload(request.raw, body)
    request.bodyType = mediaType
    const close = uploads.tryOpen(request.grant.caller)
    if (!close) throw new GatewayError('overloaded', { headers: { 'retry-after': '1' } })
    body.once('close', close)
    return { data: '' }
  })
}

/** Returns whether the framing of a request announces a body that is not empty (RFC 9112 §6.3). */
function announcesBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
}

/**
 * Refuses a body that nobody reads, whatever its type: it could only get lost. Calls back with `invalid_argument`, for a
 * body in chunks at its first byte.
 */
export function refuseBody(request: IncomingMessage, done: (error?: Error) => void): void {
  if (!announcesBody(request)) return void done()
  const violation = { location: 'body', rule: 'body', message: 'is not taken by this operation' }
  expectEmpty(request, refuseArguments([violation])).then(done, done)
}

/** Resolves at the end of a body in chunks that is empty; rejects with the refusal of any other. */
function expectEmpty(request: IncomingMessage, refusal: GatewayError): Promise<undefined> {
  return new Promise((resolve, reject) => {
    if (request.headers['transfer-encoding'] === undefined) return reject(refusal)
    request.once('data', () => reject(refusal)).once('end', () => resolve(undefined))
  })
}

/** Registers a parser that reads no body, for operations without one: `refuseBody` may have read it to its end. */
export function leaveBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
}

/** Drops a body that streams and of which nothing was read when its response ended: its call was refused, or never sent. */
export function dropUnread({ rawBody }: FastifyRequest): void {
  if (rawBody instanceof Readable && !rawBody.readableDidRead) rawBody.destroy()
}

/** A stream is sent once; what names a call by its body needs the whole of it. */
function mayRepeat({ redeliver, singleUse, parameters }: Operation): boolean {
  return Boolean(redeliver ?? singleUse) || parameters.some(({ isIdempotencyKey }) => isIdempotencyKey)
}

/** Passes a body on up to the limit; beyond it the stream fails with `body_too_large`. */
function limitBody(payload: Readable, { headers, raw }: FastifyRequest, limit: number): Readable {
  if (Number(headers['content-length'] ?? 0) > limit) throw refuseSize(limit)
  // The client left while it was authenticated or counted: nothing of its body comes any more, not even its end.
  if (payload.destroyed) throw new GatewayError('client_disconnected')
  let size = 0
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length
      callback(size > limit ? refuseSize(limit) : null, chunk)
    },
  })
  // `pipeline` would destroy the request with the stream, and with it the connection that the client is told on.
  const leave = () => limited.destroy(new GatewayError('client_disconnected'))
  payload.once('error', leave).once('aborted', leave)
  payload.pipe(limited)
  // Nobody listens before the body is sent, and then its reader does.
  return limited.on('error', () => {}).once('close', () => drain(payload, limit, raw))
}

/** Reads what is left of a body within its limit, so that the connection takes the next request; beyond it, it ends. */
function drain(payload: Readable, limit: number, request: IncomingMessage): void {
  let size = 0
  payload.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) endBehind(request)
  })
  payload.resume()
}

function refuseType(body: RequestBody | undefined): GatewayError {
  const types = body?.content.map(({ name }) => name).join(' or ')
  const detail = types === undefined ? undefined : `Send the body as ${types} without a content encoding.`
  return new GatewayError('unsupported_media_type', { detail })
}
