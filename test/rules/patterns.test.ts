import fc from 'fast-check'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { readSources, walk } from './tree.ts'

/**
 * Rooms whose code never sees what a client or an API writes while the gateway runs: they read what an operator has
 * written, at the start.
 */
const startRooms = /^src\/(cli|config|description)\//

/** Patterns whose text cannot be the worst, each with the reason. */
const bounded: Readonly<Record<string, string>> = {
  '\\{([^}]+)\\}': 'paths of the document',
  '^((?:\\{[^}]*\\}|[^?#])*)(?:\\?((?:\\{[^}]*\\}|[^#])*))?(?:#(.*))?$': 'paths of the document',
  '\\/+$': 'a variable of the environment',
}

/** Matches of patterns that fast-check cannot make any of, such as those that look ahead. */
const samples: Readonly<Record<string, readonly string[]>> = {
  '\\0': ['\0'],
  '(?<=[sx])is$': ['axis'],
  '(?<=...[au]|[^aeiou]{2}u)s(?:es?)?$': ['statuses', 'skus'],
  '(?<=..)(?<![su])s$': ['users'],
  '(?<=[sxzoi]|[cs]h)e$': ['addresse'],
  '(?<=[^aeiou])y$': ['company'],
  '([A-Z])([A-Z](?!s(?![a-z]))[a-z])': ['APIKey'],
  '\\b[A-Z][A-Z0-9_]+\\b': ['RATE_LIMIT'],
  '^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$': [
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x',
  ],
  '^HTTP\\/1\\.1 1(?!01)\\d\\d': ['HTTP/1.1 100'],
  '^\\/(?:[\\w~!$&()*+,;=:@/-]|\\.(?!\\.)|%(?!2e|2f)[0-7][0-9a-f])*$': ['/a.%41b'],
}

interface Pattern {
  readonly path: string
  readonly pattern: RegExp
}

function readPatterns(): Pattern[] {
  return readSources()
    .filter(({ path }) => !startRooms.test(path))
    .flatMap(({ path, tree }) =>
      walk(tree)
        .filter(ts.isRegularExpressionLiteral)
        .map(({ text }) => {
          const end = text.lastIndexOf('/')
          const source = text.slice(1, end)
          return { path, pattern: new RegExp(source, text.slice(end + 1)) }
        }),
    )
}

/** A text of any length: its beginning, and what it repeats. */
type Pump = readonly [begin: string, repeated: string]

/** What a pattern matches has in it what it repeats, and what it must go back over where the end is another one. */
function listPumps(pattern: RegExp): Pump[] {
  const matches = samples[pattern.source] ?? sampleMatches(pattern)
  const pumps = new Map<string, Pump>()
  for (const match of new Set(matches.map((one) => one.slice(0, 10))))
    for (let begin = 0; begin < match.length; begin += 1)
      for (let end = begin + 1; end <= Math.min(match.length, begin + 2); end += 1)
        pumps.set(`${begin} ${match.slice(0, end)}`, [match.slice(0, begin), match.slice(begin, end)])
  return [...pumps.values()]
}

function sampleMatches(pattern: RegExp): string[] {
  const matching = fc.stringMatching(new RegExp(pattern.source, pattern.flags.replace(/[giy]/g, '')))
  return fc.sample(matching, { numRuns: 16, seed: 16 })
}

function measure(pattern: RegExp, text: string, tries = 1): number {
  const times = Array.from({ length: tries }, () => {
    const before = process.threadCpuUsage()
    text.replace(pattern, '')
    const after = process.threadCpuUsage()
    return (after.user + after.system - before.user - before.system) / 1_000
  })
  return Math.min(...times)
}

/** No pattern matches the end, so that it has to go back over all that was matched. */
const write = ([begin, repeated]: Pump, length: number) =>
  `${begin}${repeated.repeat(length / repeated.length)}\u0000`

/** Returns a text for which a pattern takes more than eight times as long when it is four times as long. */
function findWorst(pattern: RegExp): string | undefined {
  const take = (pump: Pump, length: number, tries = 1) => measure(pattern, write(pump, length), tries)
  const worst = listPumps(pattern).find((pump) => {
    // Milliseconds, of which linear patterns take a fraction; an exponential one would never end with a long text. It is
    // found in small steps, since a fast machine goes back over 20 characters in less.
    for (const length of [8, 12, 16, 20, 24, 28, 32, 36, 40, 400])
      if (take(pump, length) > 5 && take(pump, length, 3) > 5) return true
    // What is quadratic takes seconds for 100 KB, and shows in much less.
    return take(pump, 1_500) > 0.5 && take(pump, 6_000, 2) > 8 * Math.max(take(pump, 1_500, 3), 0.25)
  })
  return worst && JSON.stringify(worst)
}

describe('patterns on foreign text', () => {
  const patterns = readPatterns()

  it('are found in the sources', () => {
    expect(patterns.length).toBeGreaterThan(80)
  })

  it('take a time in proportion to it', () => {
    const slow = patterns
      .filter(({ pattern }) => !(pattern.source in bounded))
      .map(({ path, pattern }) => ({ path, pattern, worst: findWorst(pattern) }))
    expect(slow.filter(({ worst }) => worst !== undefined)).toEqual([])
  })

  it('that take longer are all in use', () => {
    const known = new Set(patterns.map(({ pattern }) => pattern.source))
    expect(Object.keys(bounded).filter((source) => !known.has(source))).toEqual([])
  })

  it.each([/\s+$/, /0+$/g, /(a|b|ab)*c/, /ey[\w-]{10,}\.[\w-]+\./g, /^(\w+\s?)*$/, /<[^>]*>/g, /^x-\d+\d+$/])(
    '%s is found to be slow',
    (pattern) => {
      expect(findWorst(pattern)).toMatch(/^\[".*",".+"\]$/)
    },
  )
})
