import type { Readable } from 'node:stream'

const lineFeed = 10

/** The first and the last bytes of a line of more bytes than the limit. */
export interface LongLine {
  readonly begin: Buffer
  readonly end: Buffer
}

/** Bytes that are kept of the begin of a long line, and of its end. */
const bytesKept = 1024

/**
 * Reads a stream line by line, without blank lines. Of a line of more bytes than the limit there are the ends, or, where
 * it begins no object, the begin alone, as soon as it is that long.
 */
export async function* readLines(input: Readable, limit: number): AsyncGenerator<Buffer | LongLine> {
  const line = new Line(limit)
  // The process goes on with its streams when nobody reads lines any longer.
  const chunks: AsyncIterable<Buffer> = input.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    for (let begin = 0, end = 0; end !== -1; begin = end + 1) {
      end = chunk.indexOf(lineFeed, begin)
      const early = line.add(chunk.subarray(begin, end === -1 ? undefined : end))
      if (early) yield early
      const whole = end === -1 ? undefined : line.take()
      if (whole) yield whole
    }
  }
  const rest = line.take()
  if (rest) yield rest
}

/** The line that is being read. */
class Line {
  readonly #limit: number
  #parts: Buffer[] = []
  #size = 0
  #long: LongLine | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Adds bytes. Returns the line when they make it too long and its end would tell nothing more. */
  add(part: Buffer): LongLine | undefined {
    const wasLong = this.#size > this.#limit
    this.#size += part.length
    if (this.#size <= this.#limit) this.#parts.push(part)
    else if (this.#long) this.#long = { ...this.#long, end: keepEnd([this.#long.end, part]) }
    else if (!wasLong) {
      const parts = [...this.#parts, part]
      const long = { begin: Buffer.concat(parts, bytesKept), end: keepEnd(parts) }
      this.#parts = []
      if (!/^[ \t\r]*\{/.test(long.begin.toString('latin1'))) return long
      this.#long = long
    }
    return undefined
  }

  /** Ends the line. Returns it, unless it is blank or was returned before. */
  take(): Buffer | LongLine | undefined {
    const line = this.#long ?? Buffer.concat(this.#parts)
    this.#parts = []
    this.#size = 0
    this.#long = undefined
    return Buffer.isBuffer(line) && isBlank(line) ? undefined : line
  }
}

/** Copied: a part of a large chunk would keep all of it. */
function keepEnd(parts: readonly Buffer[]): Buffer {
  return Buffer.from(Buffer.concat(parts).subarray(-bytesKept))
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte <= 32)
}
