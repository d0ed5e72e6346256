import { Writable } from 'node:stream'

/** Returns whether a stream of the process is a terminal, where a user reads and types. */
export function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}

/** All that cannot be seen, but ends of lines and what joins characters, as in Persian words. */
const invisible = /\r(?!\n)|(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]/gu

/**
 * Escapes what a terminal would obey instead of showing it: a response or a description could rename its window, or turn
 * the order of what a user reads. The escapes are those of JSON, which stays what it is.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(invisible, (one) =>
    Array.from({ length: one.length }, (_, index) => {
      const code = one.charCodeAt(index).toString(16)
      return `\\u${code.padStart(4, '0')}`
    }).join(''),
  )
}

/** Opens an output for what others have written: to a terminal it goes with its control characters escaped. */
export function openOutput(stream: Writable): Writable {
  if (!isTerminal(stream)) return stream
  const output = new Writable({
    decodeStrings: false,
    write(chunk: unknown, _, done) {
      stream.write(escapeControls(String(chunk)))
      // A terminal takes all at once, and the process may end before it says so.
      done()
    },
  })
  return Object.assign(output, { isTTY: true })
}
