import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'

/** What a client is told apart by: the names and values of its credentials, in any order. */
export type Identity = Readonly<Record<string, string>>

/** What a call is named by: its request as it goes upstream. */
export interface NamedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array | null | undefined
}

/**
 * Names calls and clients by keyed hashes (HMAC-SHA-256), so that no secret is kept in memory to compare with,
 * and nobody who sees a name can test a guess.
 */
export class Fingerprint {
  /** A key object, since from bytes one would be made for each hash, at several times the hash's price. */
  readonly #key: KeyObject

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key)
  }

  /**
   * Names a call: two have one name when they are the same in method, path, query, credentials, client, type and every
   * byte of the body.
   */
  nameCall({
    method,
    path,
    headers,
    body,
    principal,
  }: NamedRequest & { readonly principal: string }): string {
    const personal = Object.entries(headers).filter(([name]) => !impersonal.has(name.toLowerCase()))
    return this.#hash([method, path, listFields(personal), principal, body ?? ''])
  }

  /** Names a client: two calls have one name when the upstream takes them for one client's. */
  nameClient(identity: Identity, ...more: readonly string[]): string {
    return this.#hash([listFields(Object.entries(identity)), ...more])
  }

  /** Names the calls that a limit counts together: of an authenticated client, else of equal credentials. */
  nameLimited(principal: string, identity: Identity): string {
    return principal === '' ? this.nameClient(identity) : this.#hash(['principal', principal])
  }

  /** Signs a text that a client is given and brings back. */
  sign(text: string): string {
    return this.#hash(['signed', text])
  }

  #hash(parts: readonly (string | Uint8Array)[]): string {
    const hmac = createHmac('sha256', this.#key)
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part)
    return hmac.digest('base64url')
  }
}

/** Headers of an upstream request that say neither whose it is nor what it asks for. */
const impersonal = new Set(['accept', 'accept-encoding', 'user-agent', 'content-length', 'traceparent'])

function listFields(fields: readonly (readonly [string, string | undefined])[]): string {
  return JSON.stringify(
    fields
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )
}
