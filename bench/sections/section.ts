import type { Contender, Part } from '../contenders.ts'
import type { LoadGenerator } from '../load-generator.ts'
import type { Settings } from '../settings.ts'
import type { Spread } from '../statistics.ts'
import type { Environment } from '../subject.ts'

/** Input of every section of the benchmark. */
export interface Bench {
  readonly environment: Environment
  readonly load: LoadGenerator
  readonly settings: Settings
  /** The gateway's parts, in the order in which they are added. */
  readonly parts: readonly Part[]
  /** The gateway with all parts. */
  readonly gateway: Contender
}

/** A table of the page; columns but the first are right-aligned. */
export interface Table {
  readonly title: string
  readonly note: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A ratio with its upper or lower bound. */
export interface Target {
  readonly what: string
  readonly must: number
  readonly aim: number
  readonly direction: 'at most' | 'at least'
  readonly measured: Spread
}

/** Bars of the chart: microseconds of CPU a request. */
export interface Bars {
  readonly title: string
  readonly bars: readonly { readonly name: string; readonly value: number }[]
}

/** Result of a section. */
export interface Section {
  readonly tables: readonly Table[]
  readonly targets: readonly Target[]
  readonly charts?: readonly Bars[]
}

/** Writes a number with three significant digits, without an exponent. */
export function writeNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 3))
}

/** Writes a median with the least and greatest value in brackets. */
export function writeSpread({ median, least, most }: Spread): string {
  const range = Number.isNaN(median) || least === most ? '' : ` (${writeNumber(least)}–${writeNumber(most)})`
  return `${writeNumber(median)}${range}`
}
