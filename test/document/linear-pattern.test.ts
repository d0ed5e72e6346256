import { describe, expect, it } from 'vitest'
import { compilePattern, isLinear } from '../../src/document/linear-pattern.ts'
import { createCompiler } from '../../src/document/schema-compiler.ts'
import { describeApi, listProblems, load } from '../description/loading.ts'

/** Patterns of descriptions, each with a text that JavaScript's engine would take minutes for. */
const slow = [
  ['(a+)+$', 'a'.repeat(50_000)],
  ['^(a|a)*$', 'a'.repeat(50_000)],
  ['^([a-z]+-?)+$', 'a'.repeat(50_000)],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(50_000)],
  ['\\s+$', ' '.repeat(50_000)],
  ['^a*a*a*a*$', 'a'.repeat(50_000)],
] as const

describe('a pattern of a description', () => {
  it.each(slow)('%s takes no client long', (pattern, text) => {
    const check = createCompiler()({ type: 'string', pattern })
    const start = performance.now()
    expect(check?.(`${text}!`)).toBe(false)
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  it.each([
    ['^[\\w+=,.@-]{1,2048}$', ['a@b', 'ö', '']],
    ['^([a-z]+\\.)*[a-z]+$', ['a.b', 'a..b', '']],
    ['(?:x|\\u{1F600})\\/$', ['😀/', '/', 'x/\n']],
    ['^\\p{L}+(?<rest>-\\d{2,3})?$', ['Zoë-12', 'Zoë-1', '7']],
    ['b', ['abc', 'ac']],
    ['^a|b$', ['ax', 'xb', 'xx']],
    ['^.$', ['🙂', 'ab', '']],
  ])('%s matches what it matches in JavaScript', (pattern, texts) => {
    const matcher = compilePattern(pattern, 'u')
    expect(texts.map((one) => matcher.test(one))).toEqual(texts.map((one) => RegExp(pattern, 'u').test(one)))
  })

  it('stays itself beside others in one schema', () => {
    const properties = { a: { pattern: '(a|b)+$' }, b: { pattern: '(c|d)+$' } }
    const check = createCompiler()({ type: 'object', properties })
    expect([check?.({ a: 'b', b: 'c' }), check?.({ a: 'c', b: 'c' })]).toEqual([true, false])
  })

  it.each(['^(?=a)b', '(a)\\1', '(a|b){1,2000}x'])('%s is a warning with its line', async (pattern) => {
    const schema = { type: 'string', pattern }
    const parameters = [
      { name: 'q', in: 'query', schema },
      { name: 'r', in: 'query', schema },
    ]
    const shop = describeApi({ '/things': { get: { parameters, responses: {} } } })
    expect(isLinear(pattern)).toBe(false)
    expect(listProblems(await load({ 'shop.json': shop }))).toEqual([
      `shop.json:${
        JSON.stringify(shop, null, 2)
          .split('\n')
          .findIndex((line) => line.includes('"pattern"')) + 1
      }: warning: ` +
        `the pattern ${pattern} may take very long for some texts; one without lookaround, backreferences and repetitions over 1,000 of a group`,
    ])
  })

  it('of an example, or of a property that is called so, is no warning', async () => {
    const properties = { pattern: { type: 'string', example: { pattern: '(a)\\1' } } }
    const schema = { type: 'object', properties }
    const content = { 'application/json': { schema } }
    const shop = describeApi({ '/things': { post: { requestBody: { content }, responses: {} } } })
    expect(listProblems(await load({ 'shop.json': shop }))).toEqual([])
  })
})
