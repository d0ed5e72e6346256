import { isTextType } from '../document/media-types.ts'
import type { UpstreamCall, UpstreamResponse } from './call.ts'
import { SecretSearch } from './secret-search.ts'

/** Bytes that a character takes at most where it is escaped, unless its escape is padded. */
const widestEscape = 16

/**
 * Takes secrets out of bytes that arrive in pieces. It keeps back no more than what may be the beginning of a secret, so
 * that an event of a stream does not wait for the next one.
 */
export class SecretFilter {
  readonly #search: SecretSearch
  readonly #most: number
  /** As Latin-1. */
  #kept = ''

  constructor(search = new SecretSearch([])) {
    this.#search = search
    this.#most = widestEscape * Math.max(0, ...search.forms.map(({ length }) => length))
  }

  /** Returns what may be passed on, which may be nothing yet. */
  add(chunk: Buffer): Buffer {
    const whole = this.#kept + chunk.toString('latin1')
    const end = whole.slice(-this.#most)
    const cut = whole.length - end.length + this.#search.findCut(end)
    // A secret that is whole may be the beginning of another one, or end with it.
    const place = this.#search.find(whole).find(({ begin, end }) => begin < cut && cut < end)
    return this.#pass(whole, place?.begin ?? cut)
  }

  /** Returns what was kept back, when nothing follows. */
  end(): Buffer {
    return this.#pass(this.#kept, this.#kept.length)
  }

  #pass(whole: string, length: number): Buffer {
    this.#kept = whole.slice(length)
    return Buffer.from(this.#search.takeOut(whole.slice(0, length)), 'latin1')
  }
}

/** Returns whether a body that streams is searched: a text, where the operator configured a credential. */
export function isFiltered(
  { configured }: UpstreamCall,
  { 'content-type': type }: UpstreamResponse['headers'],
): boolean {
  if (!configured) return false
  return type === undefined || isTextType(String(type)) || textual.test(String(type))
}

/** Texts beside those with a type for texts: JSON that is a sequence, or of an API's own type, and forms. */
const textual = /json|x-www-form-urlencoded/i
