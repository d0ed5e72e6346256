import { unescape as decodePercents } from 'node:querystring'

/** Escapes a name for a JSON pointer (RFC 6901 §3). */
export function escapeName(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** Lists the names in a JSON pointer (RFC 6901 §4). */
export function splitPointer(pointer: string): string[] {
  return pointer.split('/').slice(1).map(unescapeName)
}

/** Lists the names in a JSON pointer that stands in a fragment, which may be percent-encoded (RFC 6901 §6). */
export function splitFragment(reference: string): string[] {
  return reference
    .split('/')
    .slice(1)
    .map((name) => unescapeName(decodePercents(name)))
}

function unescapeName(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}
