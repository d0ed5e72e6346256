import { isTextType } from '../document/media-types.ts'
import type { UpstreamCall, UpstreamResponse } from './call.ts'
import { redactBytes, writers } from './redaction.ts'

/**
 * Takes spellings of secrets out of bytes that arrive in pieces, in each encoding of `redactBytes`. It keeps back no more
 * than what may be the beginning of a spelling, so that an event of a stream does not wait for the next one.
 */
export class SecretFilter {
  readonly #spellings: readonly string[]
  readonly #written: readonly Buffer[]
  #kept: Buffer = Buffer.alloc(0)

  constructor(spellings: readonly string[] = []) {
    this.#spellings = spellings
    this.#written = writers.flatMap((write) => spellings.map((one) => write(one)))
  }

  /** Returns what may be passed on, which may be nothing yet. */
  add(chunk: Buffer): Buffer {
    const whole = this.#kept.length > 0 ? Buffer.concat([this.#kept, chunk]) : chunk
    const clean = redactBytes(whole, this.#spellings)
    const open = Math.max(0, ...this.#written.map((one) => measureBeginning(clean, one)))
    this.#kept = clean.subarray(clean.length - open)
    return clean.subarray(0, clean.length - open)
  }

  /** Returns what was kept back, when nothing follows. */
  end(): Buffer {
    return this.#kept
  }
}

/** Returns whether a body that streams is searched: a text, where the operator configured a credential. */
export function isFiltered(
  { configuredSpellings = [] }: UpstreamCall,
  { 'content-type': type }: UpstreamResponse['headers'],
): boolean {
  return configuredSpellings.length > 0 && (type === undefined || isTextType(String(type)))
}

/** Counts the bytes at the end that a text may begin with. */
function measureBeginning(bytes: Buffer, text: Buffer): number {
  const first = text[0] ?? 0
  const from = Math.max(0, bytes.length - text.length + 1)
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    const length = bytes.length - at
    if (text.subarray(0, length).equals(bytes.subarray(at))) return length
  }
  return 0
}
