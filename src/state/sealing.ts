import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto'
import { GatewayError } from '../errors/gateway-error.ts'

/** What replicas write down outside of their own memory: names without a meaning, values that only they can read. */
export interface Sealing<Value> {
  /**
   * Names a key by its kind and the keyed hash (HMAC-SHA-256, base64url) of a name. The hash tag keeps all keys of a
   * gateway on one node of a cluster, and apart from those of other gateways.
   */
  key(kind: string, name?: string): string
  /** Encrypts a value, as JSON (AES-256-GCM), for a name: it cannot be read under another one. */
  seal(name: string, value: Value): string
  /** Decrypts what was sealed for a name. Throws `state_unavailable` where it was not, or not with this key. */
  open(name: string, sealed: string): Value
}

/** Bytes of the nonce and of the authentication tag, which stand before the text (NIST SP 800-38D). */
const nonceLength = 12
const tagLength = 16

/** Derives one key for one purpose from the secret that the replicas have in common (HKDF, RFC 5869). */
export function deriveKey(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `calgate ${purpose}`, 32))
}

/** Creates the sealing of all replicas that have the same secret. */
export function createSealing<Value>(secret: string): Sealing<Value> {
  const names = createSecretKey(deriveKey(secret, 'names'))
  const values = createSecretKey(deriveKey(secret, 'values'))
  const hash = (text: string) => createHmac('sha256', names).update(text).digest('base64url')
  const prefix = `calgate:{${hash('gateway').slice(0, 8)}}`
  return {
    key: (kind, name) => `${prefix}:${kind}${name === undefined ? '' : `:${hash(`${kind} ${name}`)}`}`,
    seal(name, value) {
      const nonce = randomBytes(nonceLength)
      const cipher = createCipheriv('aes-256-gcm', values, nonce).setAAD(Buffer.from(name))
      const encrypted = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]).toString('base64')
    },
    open(name, sealed) {
      const bytes = Buffer.from(sealed, 'base64')
      const start = nonceLength + tagLength
      const nonce = bytes.subarray(0, nonceLength)
      try {
        const decipher = createDecipheriv('aes-256-gcm', values, nonce, { authTagLength: tagLength })
        decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(nonceLength, start))
        return JSON.parse(decipher.update(bytes.subarray(start), undefined, 'utf8') + decipher.final('utf8'))
      } catch (cause) {
        throw new GatewayError('state_unavailable', { cause })
      }
    },
  }
}
