import type { Readable } from 'node:stream'

const lineFeed = 10

/**
 * Reads a stream line by line, without blank lines. A line of more bytes than the limit is skipped: undefined stands for
 * it, as soon as it is that long.
 */
export async function* readLines(input: Readable, limit: number): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = []
  let size = 0
  // The process goes on with its streams when nobody reads lines any longer.
  const chunks: AsyncIterable<Buffer> = input.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    for (let begin = 0, end = 0; end !== -1; begin = end + 1) {
      end = chunk.indexOf(lineFeed, begin)
      const part = chunk.subarray(begin, end === -1 ? undefined : end)
      const wasTooLong = size > limit
      size += part.length
      if (size <= limit) parts.push(part)
      else {
        parts = []
        if (!wasTooLong) yield undefined
      }
      if (end === -1) break
      const line = Buffer.concat(parts)
      if (!isBlank(line)) yield line
      parts = []
      size = 0
    }
  }
  const rest = Buffer.concat(parts)
  if (!isBlank(rest)) yield rest
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte <= 32)
}
