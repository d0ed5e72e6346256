declare global {
  // ECMAScript "JSON.parse source text access", in Node since 21 and not yet in TypeScript's library.
  interface JSON {
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

/** A number of 16 characters or with an exponent; shorter ones come out of `JSON.stringify` as they went in. */
const longNumber = /(?:^|[:,[])\s*-?(?:[\d.]{16}|[\d.]+[eE])/

/** Returns whether a JSON text may have a number that a JavaScript number does not hold exactly. */
export function mayLoseDigits(text: string): boolean {
  return longNumber.test(text)
}

/**
 * Parses a JSON text. A number that `JSON.stringify` would not give back with the same value, such as
 * 9007199254740993 or 1e400, becomes a raw JSON value (`JSON.isRawJSON`), which it does give back. Throws what
 * `JSON.parse` throws.
 */
export function parseExactly(text: string): unknown {
  if (!mayLoseDigits(text)) return JSON.parse(text)
  return JSON.parse(text, (_, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === 'number' && source !== undefined && !isExact(value, source)
      ? JSON.rawJSON(source)
      : value,
  )
}

function isExact(value: number, source: string): boolean {
  return Number.isFinite(value) && normalize(String(value)) === normalize(source)
}

/** Writes a number as its digits without zeros at either end, and the power of ten of the last one. */
function normalize(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  let length = digits.length
  while (digits[length - 1] === '0') length -= 1
  if (length === 0) return '0'
  return `${sign}${digits.slice(0, length)}e${Number(exponent) - fraction.length + digits.length - length}`
}
