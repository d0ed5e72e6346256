import type { Readable } from 'node:stream'
import { GatewayError } from '../errors/gateway-error.ts'

const lineFeed = 10

/** Bytes of one line. */
const lineLimit = 1024 * 1024

/** Reads a stream line by line, without blank lines. Throws `body_too_large` for a line of more than 1 MiB. */
export async function* readLines(input: Readable): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let size = 0
  // The process goes on with its streams when nobody reads lines any longer.
  const chunks: AsyncIterable<Buffer> = input.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    let begin = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, begin)) {
      const line = Buffer.concat([...parts, chunk.subarray(begin, end)])
      if (!isBlank(line)) yield line
      parts = []
      size = 0
      begin = end + 1
    }
    parts.push(chunk.subarray(begin))
    size += chunk.length - begin
    if (size > lineLimit) throw new GatewayError('body_too_large')
  }
  const rest = Buffer.concat(parts)
  if (!isBlank(rest)) yield rest
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte <= 32)
}
