/**
 * Returns whether a number is a multiple of another, both as the decimals that they are written as. What JSON writes
 * as 1e400 is infinite for JavaScript, and no multiple of anything.
 */
export function isMultiple(value: number, divisor: number): boolean {
  if (!Number.isFinite(value)) return false
  if (Number.isInteger(value / divisor)) return true
  const [one, other] = [readDecimal(value), readDecimal(divisor)]
  if (other.digits === 0n) return false
  const exponent = Math.min(one.exponent, other.exponent)
  return scale(one, exponent) % scale(other, exponent) === 0n
}

/** A number as digits times a power of ten. */
interface Decimal {
  readonly digits: bigint
  readonly exponent: number
}

function readDecimal(value: number): Decimal {
  const [mantissa = '', exponent] = value.toExponential().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length }
}

function scale({ digits, exponent }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(exponent - to)
}
