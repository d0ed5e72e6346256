import { expect, test, vi } from 'vitest'
import { readSource } from '../../src/description/source.ts'

const text = 'a:\n  b:\n  - 1\n  - c: 2\n'

test.each([
  [[], 1, 1],
  [['a'], 2, 3],
  [['a', 'b', 0], 3, 5],
  [['a', 'b', 1, 'c'], 4, 8],
  [['a', 'b', 1, 'd'], 4, 5],
  [['a', 'b', 7], 3, 3],
  [['x', 'y'], 1, 1],
])('what is at %j is on line %d, column %d, or where it would have to be', (path, line, column) => {
  expect(readSource(text, 'a.yaml').positionOf(path)).toEqual({ line, column })
})

test.each([
  [[], 1, 1],
  [['a', 1], 2, 7],
  [['a', 1, 'b'], 2, 14],
  [['a', 2], 1, 7],
])('in JSON, what is at %j is on line %d, column %d', (path, line, column) => {
  expect(readSource('{"a": [1,\n      { "b": 2 }] }', 'a.json').positionOf(path)).toEqual({ line, column })
})

test('in JSON, a thousand places of a large text are found in seconds', () => {
  const members = Array.from({ length: 1_000 }, (_, index) => ({
    name: `${index}`,
    about: 'x'.repeat(2_000),
  }))
  const { positionOf, textOf } = readSource(JSON.stringify({ members }), 'a.json')
  const begin = performance.now()
  for (const index of members.keys()) {
    const path = ['members', index, 'name']
    expect([positionOf(path).line, textOf(path)]).toEqual([1, `"${index}"`])
  }
  expect(performance.now() - begin).toBeLessThan(5_000)
})

test('in JSON, a thousand places of many lines are found in seconds', () => {
  const members = Array.from({ length: 100_000 }, (_, index) => ({ name: `${index}` }))
  const { positionOf } = readSource(JSON.stringify({ members }, null, 1), 'a.json')
  const begin = performance.now()
  const lines = Array.from({ length: 1_000 }, (_, index) => positionOf(['members', index * 100, 'name']).line)
  expect(lines).toEqual(Array.from(lines, (_, index) => 4 + 300 * index))
  expect(performance.now() - begin).toBeLessThan(1_000)
})

test('a text comes back as its value', () => {
  expect(readSource(text, 'a.yaml')).toMatchObject({ value: { a: { b: [1, { c: 2 }] } }, problems: [] })
})

test('a merge key takes over the members of what it names (YAML 1.1), and a text << is a key', () => {
  const read = (text: string) => readSource(text, 'a.yaml')
  expect(
    read("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: {'<<': 1}\nd: {<<: [*a, {z: 4}]}\n").value,
  ).toEqual({
    a: { x: 1, y: 2 },
    b: { x: 1, y: 3 },
    c: { '<<': 1 },
    d: { x: 1, y: 2, z: 4 },
  })
  expect(read('a: {<<: 1}').problems).toHaveLength(1)
  expect(read('a: &a { x: { <<: *a } }').problems).toHaveLength(1)
})

test('a token that is out of place is told, but not every token after it', () => {
  const { problems } = readSource('- { a: $..b[0], c: d }\n- { e: f, g: h }\n', 'a.yaml')
  expect(problems.filter(({ message }) => message.startsWith('Unexpected'))).toHaveLength(1)
})

test('mistakes that have nothing to do with each other are all told', () => {
  const { value, problems } = readSource('a: 1\na: 2\nb: 1\nb: 2\nc: *d\n', 'a.yaml')
  expect(value).toBeUndefined()
  expect(problems.map(({ file, line, message }) => [file, line, message])).toEqual([
    ['a.yaml', 2, 'Map keys must be unique'],
    ['a.yaml', 4, 'Map keys must be unique'],
    ['a.yaml', 5, 'the alias *d has no anchor before it'],
  ])
})

test('a key that stands twice is told in JSON as in YAML, at its second place', () => {
  const json =
    '{"a": {"b": [{"c": 1, "d": {"c": 2}},\n {"e": 1, "\\u0065" : "e\\"}"}]},\n\n  "a": 2, "b": "a"}'
  const yaml = 'a: { b: [{ c: 1 },\n {e: 1, "e": 2}] }\n\na: 2\n'
  const read = (text: string) =>
    readSource(text, 'a').problems.map(({ line, message, severity }) => [line, message, severity])
  const told = [2, 4].map((line) => [line, 'Map keys must be unique', 'error'])
  expect([read(json), read(yaml)]).toEqual([told, told])
  expect(readSource('{"a": {"a": [{"a": 1}, {"a": "a"}]}, "b": 1}', 'a').problems).toEqual([])
})

test('a key that is a map, as braces without quotes are, is repeated nowhere', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  expect(readSource('secretKey: {{planted}}\n', 'calgate.yaml').problems).toEqual([])
  expect(warn.mock.calls).toEqual([])
  warn.mockRestore()
})

test('a mistake at the end is on the last line, not on one that is not there', () => {
  const { problems } = readSource('a: [1,\n\n\n', 'a.yaml')
  expect(problems[0]?.line).toBe(1)
})

test('a text that aliases blow up is refused', () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const items = Array(9).fill(level === 0 ? 'x' : `*l${level - 1}`)
    return `l${level}: &l${level} [${items.join(', ')}]`
  })
  expect(readSource(levels.join('\n'), 'a.yaml').problems).toMatchObject([
    { line: 1, message: expect.stringContaining('alias'), expected: 'well-formed YAML' },
  ])
})

test('an anchor may be used often, and its copies count by their characters', () => {
  const write = (uses: number, text: string) =>
    `a: &a { b: [1, 2, { c: ${text} }] }\nd:\n${'- *a\n'.repeat(uses)}e: { <<: *a, f: 1 }\n`
  const { value, problems } = readSource(write(2_000, 'x'), 'a.yaml')
  const one = { b: [1, 2, { c: 'x' }] }
  expect([value, problems]).toEqual([{ a: one, d: Array(2_000).fill(one), e: { ...one, f: 1 } }, []])
  expect(readSource(write(2_000, 'x'.repeat(3_000)), 'a.yaml').problems).toMatchObject([
    { line: 1, message: 'the aliases of the file stand for more than 5000000 characters' },
  ])
})

test('aliases within one another may nest no deeper than a file', () => {
  const write = (levels: number) =>
    Array.from({ length: 30 }, (_, index) => {
      const inner = index === 0 ? '1' : `*a${index - 1}`
      return `a${index}: &a${index} ${'['.repeat(levels)}${inner}${']'.repeat(levels)}`
    }).join('\n')
  expect(readSource(write(90), 'a.yaml').problems).toEqual([])
  expect(readSource(write(110), 'a.yaml').problems).toMatchObject([
    { line: 1, message: 'the file nests deeper than 3000 levels' },
  ])
})

test('keys that are one text stand twice, and null is a text as every key', () => {
  const twice =
    "responses:\n  200: a\n  '200': b\n  null: c\n  'null': d\n  0x10: e\n  16: f\n  true: g\n  'true': h\n"
  expect(readSource(twice, 'a.yaml').problems.map(({ line, message }) => [line, message])).toEqual(
    [3, 5, 7, 9].map((line) => [line, 'Map keys must be unique']),
  )
  const merged = 'a: &a { b: 1 }\nc: &c { d: 2 }\ne:\n  <<: *a\n  <<: *c\n  null: 3\n  ~: &n\n'
  expect(readSource(merged.replace('  ~: &n\n', ''), 'a.yaml')).toMatchObject({
    value: { e: { b: 1, d: 2, null: 3 } },
    problems: [],
  })
  expect(readSource(merged, 'a.yaml').problems).toMatchObject([{ line: 7 }])
  expect(readSource('a:\n  null: { b: 1 }\n', 'a.yaml').positionOf(['a', 'null', 'b'])).toEqual({
    line: 2,
    column: 14,
  })
})

test.each([
  ['a:\n  b: &a { c: *a }', 2, 'the alias *a stands within its own anchor'],
  ['a: &a [*a, *a]', 1, 'the alias *a stands within its own anchor'],
  [`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 1, 'the file nests deeper than 3000 levels'],
])('what has no end, or a far one, is a mistake of the file', (source, line, message) => {
  const { value, problems } = readSource(source, 'a.yaml')
  expect(value).toBeUndefined()
  expect(problems[0]).toMatchObject({ severity: 'error', line, message })
})
