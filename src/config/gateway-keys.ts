import { hash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A key that lets a client in. The key itself is nowhere kept: only its hash is. */
export interface GatewayKey {
  /** Whose key it is. */
  readonly name: string
  /** SHA-256 of the key. Keys are 256 random bits, so that a fast hash gives nobody a guess. */
  readonly hash: Buffer
  readonly scopes: readonly string[]
}

/** A file of keys: what it holds, or what is wrong with it, line by line and without repeating a hash. */
export interface KeyFile {
  readonly keys: readonly GatewayKey[]
  readonly problems: readonly string[]
}

const line = /^(?<name>[\w.-]{1,64})\s+(?<hash>[0-9a-f]{64})\s+(?<scopes>\S+)$/
const scope = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/

/**
 * Reads a file of keys: a name, a hash and comma-joined scopes a line; `#` begins a comment. A file without keys lets
 * nobody in: the last one can be revoked like any other. Never throws.
 */
export function readKeyFile(path: string): KeyFile {
  const keys: GatewayKey[] = []
  const problems: string[] = []
  const lines = readLines(path)
  if (!lines) problems.push('must be a readable file of keys')
  for (const [index, text] of (lines ?? []).entries()) {
    if (/^\s*(#|$)/.test(text)) continue
    const { name = '', hash = '', scopes = '' } = line.exec(text.trim())?.groups ?? {}
    const list = scopes.split(',')
    if (!list.every((one) => scope.test(one)))
      problems.push(`line ${index + 1} must be a name, a SHA-256 in hexadecimal and comma-joined scopes`)
    else if (keys.some((one) => one.name === name))
      problems.push(`line ${index + 1} repeats a name; give each key its own`)
    else keys.push({ name, hash: Buffer.from(hash, 'hex'), scopes: list })
  }
  return { keys, problems }
}

function readLines(path: string): string[] | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return undefined
  }
}

/** A new key, to be told once, and the line that lets its bearer in. */
export interface NewKey {
  readonly key: string
  readonly line: string
}

/** Returns whether a text is a key, as `createKey` makes them. */
export function isKey(text: string): boolean {
  return /^calgate_[\w-]{43}$/.test(text)
}

/** Makes a key of 256 random bits for a client. Throws a `RangeError` that says what is wrong with name or scopes. */
export function createKey(name: string, scopes: readonly string[]): NewKey {
  const key = `calgate_${randomBytes(32).toString('base64url')}`
  const made = `${name} ${hashKey(key).toString('hex')} ${scopes.join(',')}`
  if (!line.test(made))
    throw new RangeError('a key has a name of letters, digits and ._- and at least one scope')
  return { key, line: made }
}

/** Returns the SHA-256 hash of a key, which is stored and compared in its place. */
export function hashKey(key: string): Buffer {
  // As text first: a buffer that the hash makes itself has memory of its own, at three times the price.
  return Buffer.from(hash('sha256', key, 'hex'), 'hex')
}
