import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Reads a file of PEM certificates; undefined when it cannot be read or begins with no certificate. */
export function readCertificates(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    return new X509Certificate(text).subject === '' ? undefined : text
  } catch {
    return undefined
  }
}

/** Returns whether a private key belongs to the first of the certificates. */
export function isKeyPair(certificates: string | undefined, key: string | undefined): boolean {
  try {
    return new X509Certificate(certificates ?? '').checkPrivateKey(createPrivateKey(key ?? ''))
  } catch {
    return false
  }
}
