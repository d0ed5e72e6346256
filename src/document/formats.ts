import { fullFormats } from 'ajv-formats/dist/formats.js'

/** Formats of JSON Schema and OpenAPI, which validators know without being told. */
export const standardFormats: ReadonlySet<string> = new Set(Object.keys(fullFormats))

const zones = new Set(Intl.supportedValuesOf('timeZone').map((zone) => zone.toLowerCase()))

/**
 * What each `format` of the document means to a reader, and the check behind it. Every check looks at the
 * length first, so that no regular expression ever runs over a long text.
 */
export const formats = {
  /** RFC 5321 §4.5.3.1 bounds an address to 254 characters. */
  email: { means: 'an e-mail address', check: bounded(254, fullFormats.email) },
  uri: { means: 'an absolute URI', check: bounded(2048, fullFormats.uri) },
  'date-time': {
    means: 'an RFC 3339 date and time such as 2026-01-31T12:00:00Z',
    check: bounded(64, fullFormats['date-time']),
  },
  date: { means: 'an RFC 3339 date such as 2026-01-31', check: bounded(10, fullFormats.date) },
  // The string of RFC 4122 §3; `urn:uuid:` before it makes a URI.
  uuid: { means: 'a UUID', check: bounded(36, /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i) },
  ipv4: { means: 'an IPv4 address', check: bounded(15, fullFormats.ipv4) },
  ipv6: { means: 'an IPv6 address', check: bounded(45, fullFormats.ipv6) },
  'iana-time-zone': { means: 'an IANA time zone such as Europe/Oslo', check: isTimeZone },
} as const

/**
 * What each `format` of numbers means, and the check behind it (OpenAPI, Data Types). A number of a body is checked by the
 * nearest that JavaScript has, which is 2^63 for the largest of 64 bits.
 */
export const numberFormats = {
  int32: {
    means: 'a whole number from -2147483648 to 2147483647',
    check: (value: number) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31,
  },
  int64: {
    means: 'a whole number from -9223372036854775808 to 9223372036854775807',
    check: (value: number) => Number.isInteger(value) && Math.abs(value) <= 2 ** 63,
  },
} as const

/** Formats that say something about a value without narrowing it; checked nowhere. */
export const annotations = [
  ...['password', 'float', 'double', 'byte', 'binary', 'time', 'duration', 'hostname'],
  ...['uri-reference', 'uri-template', 'json-pointer', 'regex'],
]

function bounded(longest: number, format: unknown): (text: string) => boolean {
  const check = toCheck(format)
  return (text) => text.length <= longest && check(text)
}

function toCheck(format: unknown): (text: string) => boolean {
  if (format instanceof RegExp) return (text) => format.test(text)
  if (typeof format === 'function') return (text) => format(text) === true
  if (typeof format === 'object' && format !== null && 'validate' in format) return toCheck(format.validate)
  throw new TypeError('ajv-formats changed the form of its formats')
}

/**
 * Returns whether a text is a time zone. APIs ask `Intl`, which ignores the case of ASCII letters and knows links such
 * as `US/Pacific`; offsets are no zones.
 */
function isTimeZone(text: string): boolean {
  if (text.length > 64 || !/^[a-z][a-z0-9_+/-]*$/i.test(text)) return false
  if (zones.has(text.toLowerCase())) return true
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }))
  } catch {
    return false
  }
}
