import type { Socket } from 'node:net'

/** How an interim response (1xx) begins. A switch of protocols (101) is none: nobody asked for it. */
const interim = /^HTTP\/1\.1 1(?!01)\d\d/
const begin = 'HTTP/1.1 1'
const blankLine = '\r\n\r\n'
const longestHead = 16_384
const nothing: Buffer = Buffer.alloc(0)

type WriteCallback = (error?: Error | null) => void

/**
 * Takes interim responses out of what a connection to the upstream reads. A client reads past those that it did not ask
 * for (RFC 9110 §15.2), but undici ends the connection at a `100 Continue`. A head longer than 16 KiB is left to undici.
 */
export function skipInterimResponses(socket: Socket): Socket {
  const read: (size?: number) => Buffer | null = socket.read.bind(socket)
  const write = socket.write.bind(socket)
  let isBegin = true
  let held = nothing
  socket.write = (
    bytes: Uint8Array | string,
    encoding?: BufferEncoding | WriteCallback,
    done?: WriteCallback,
  ) => {
    // undici writes the head of a request as a text. A response may begin while the body follows, as bytes and with line
    // breaks before the size of each piece.
    isBegin ||= typeof bytes === 'string' && !bytes.startsWith('\r\n')
    return typeof encoding === 'function' ? write(bytes, undefined, encoding) : write(bytes, encoding, done)
  }
  socket.read = (size) => {
    const chunk = read(size)
    if (chunk === null) return null
    if (!isBegin) return chunk
    held = skip(held.length === 0 ? chunk : Buffer.concat([held, chunk]))
    if (mayBeInterim(held)) return null
    const rest = held
    held = nothing
    isBegin = false
    return rest
  }
  return socket
}

/** Returns the bytes behind all complete interim responses at the beginning. */
function skip(bytes: Buffer): Buffer {
  let rest = bytes
  while (interim.test(rest.toString('latin1', 0, 12))) {
    const end = rest.indexOf(blankLine)
    if (end < 0) return rest
    rest = rest.subarray(end + blankLine.length)
  }
  return rest
}

/** Returns whether more bytes may make an interim response of these. */
function mayBeInterim(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12)
  if (start.length < 12) return begin.startsWith(start.slice(0, begin.length))
  return interim.test(start) && bytes.length <= longestHead
}
