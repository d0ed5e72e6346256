import { isIP } from 'node:net'
import { isDecodable } from '../document/parameter-reading.ts'
import { isCredentialName } from '../document/security.ts'

/** Returns whether a host is one of the addresses and the name that never leave this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return (
    name === 'localhost' ||
    name === '::1' ||
    name === '[::1]' ||
    (isIP(name) === 4 && name.startsWith('127.'))
  )
}

/**
 * Takes user, password (RFC 3986 §3.2.1), query and fragment out of the URLs in a message. A fragment that is a JSON
 * pointer stays; a URL that stands in quotes ends with them, blanks in it or not.
 */
export function hideUrlSecrets(message: string): string {
  return hideCredentials(message)
    .replaceAll(/\/\/[^\s"'/?#]*@/g, '//[redacted]@')
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, (quoted) => quoted.replace(urlEnd, '$1[redacted]"'))
    .replaceAll(/(\/\/(?:(?!\/\/)[^\s"?#])*(?:\?|#(?!\/)))[^\s"]+/g, '$1[redacted]')
}

/** Takes the values of what is named like a credential out of the queries in a text, such as the path of an operation. */
export function hideCredentials(text: string): string {
  if (!text.includes('?')) return text
  return text.replaceAll(/([?&])([^=?&#\s"]+)=[^&#\s"]+/g, (pair, sign: string, name: string) =>
    isCredentialName(name) ? `${sign}${name}=[redacted]` : pair,
  )
}

/** The rest of a text in quotes from the query or the fragment of a URL on. */
const urlEnd = /(\/\/(?:(?!\/\/)[^?#])*(?:\?|#(?!\/))).*"$/s

/** Returns whether a text is an http or https URL without user, query and fragment. */
export function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '')
}

/** Returns whether a text is a base URL whose traffic nobody on the network can read: https, or a loopback address. */
export function isSafeUrl(text: string): boolean {
  if (!isBaseUrl(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname)
}

/** Returns whether a text is a host name with an optional port; a name can begin with `*.` for every name below it. */
export function isHost(text: string): boolean {
  const name = text.replace(/^\*\./, '')
  return URL.canParse(`http://${name}`) && /^[^/?#@*]+$/.test(name)
}

/**
 * Returns whether a text is an origin as browsers send it: `https://app.example.org`, `chrome-extension://…`,
 * `vscode-webview://…`.
 */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin, protocol } = new URL(text)
  // URL has no origin for the schemes of editors and extensions.
  const isOpaque = origin === 'null' && !['file:', 'blob:', 'data:', 'javascript:'].includes(protocol)
  return origin === text || (isOpaque && /^[a-z][a-z0-9+.-]*:\/\/[\w.-]+(:\d+)?$/.test(text))
}

/** Returns whether a text is the URL of a proxy, which may have a user and a password. */
export function isProxyUrl(text: string): boolean {
  return isReadable(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).hostname !== ''
}

/**
 * Returns whether a text is the URL of Redis or Valkey: an error of its client would repeat one that cannot be read.
 */
export function isRedisUrl(text: string): boolean {
  return isReadable(text) && /^rediss?:\/\/\S+$/.test(text)
}

/** Returns whether a text is a URL whose user and password can be read. */
function isReadable(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return isDecodable(username) && isDecodable(password)
}
