import { createRequire } from 'node:module'

/** What Ajv needs of a pattern. */
export interface Matcher {
  test(text: string): boolean
  /** Names the pattern: equal ones are kept once. */
  toString(): string
}

/** The part of re2js that is used. */
interface Re2 {
  readonly RE2JS: { compile(pattern: string): Matcher; translateRegExp(pattern: string): string }
}

/**
 * Compiles a pattern of a schema, so that a text takes time in proportion to its length: a document may have patterns
 * such as `(a+)+$`, and clients choose the texts. JavaScript's own engine runs patterns without a choice of ways, and
 * those that RE2 does not know.
 */
export function compilePattern(pattern: string, flags: string): Matcher {
  const native = new RegExp(pattern, flags)
  return isPlain(pattern) ? native : (compileLinear(pattern) ?? native)
}

/** Returns whether a pattern is checked in linear time; one that is no regular expression is not checked at all. */
export function isLinear(pattern: string): boolean {
  return isPlain(pattern) || compileLinear(pattern) !== undefined || !isPattern(pattern)
}

/** Returns whether a text is a pattern as JSON Schema has it. */
export function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp
  } catch {
    return false
  }
}

/** Returns whether a pattern begins at the beginning and repeats one thing at most: there is one way to match it. */
function isPlain(pattern: string): boolean {
  return /^\^[^()|]*$/.test(pattern) && (pattern.match(/[*+?{]/g)?.length ?? 0) <= 1
}

let re2: Re2 | undefined

/** Loaded when a document has such a pattern, since it costs a start some milliseconds. */
function compileLinear(pattern: string): Matcher | undefined {
  re2 ??= createRequire(import.meta.url)('re2js') as Re2
  try {
    return re2.RE2JS.compile(re2.RE2JS.translateRegExp(pattern))
  } catch {
    return undefined
  }
}
