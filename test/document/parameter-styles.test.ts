import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeCookiePairs } from '../../src/document/cookie-writing.ts'
import type { JsonSchema } from '../../src/document/json-schema.ts'
import {
  createCookieReader,
  createHeaderReader,
  createPathReader,
} from '../../src/document/parameter-reading.ts'
import { writeHeaderText, writePathText } from '../../src/document/parameter-writing.ts'
import { type Parameter, readParameter } from '../../src/document/parameters.ts'
import { createQueryReader } from '../../src/document/query-reading.ts'
import { writeQuery } from '../../src/document/request-writing.ts'

const schemas = {
  text: { type: 'string' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  list: { type: 'array', items: { type: 'string' } },
  numbers: { type: 'array', items: { type: 'integer' } },
  members: { type: 'object', additionalProperties: { type: 'string' } },
  nullable: { type: ['array', 'null'], items: { type: 'string' } },
  record: { type: 'object', properties: { R: { type: 'integer' }, G: { type: 'string' } } },
} as const
type Kind = keyof typeof schemas

const text = fc.string({ unit: 'binary', minLength: 1 })
const ascii = fc.string({ minLength: 1 })

/** Values of each kind, of texts without the given characters. */
function valuesOf(kind: Kind, texts: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const values: Record<Kind, () => fc.Arbitrary<unknown>> = {
    text: () => texts,
    integer: () => fc.maxSafeInteger(),
    boolean: () => fc.boolean(),
    list: () => fc.array(texts, { minLength: 1 }),
    numbers: () => fc.array(fc.maxSafeInteger(), { minLength: 1 }),
    nullable: () => fc.array(texts, { minLength: 1 }),
    members: () => fc.dictionary(texts, texts, { minKeys: 1 }),
    record: () => fc.record({ R: fc.integer(), G: texts }),
  }
  return values[kind]()
}

const without = (characters: string, texts = text) =>
  texts.filter((one) => ![...characters].some((character) => one.includes(character)))

const parameterOf = (members: object, schema: JsonSchema): Parameter =>
  readParameter({ name: 'color', schema, ...members })

const kinds = ['text', 'integer', 'boolean', 'list', 'numbers', 'nullable', 'members', 'record'] as const
const explodes = [true, false]

describe('a path parameter gives its value back', () => {
  const cases = ['simple', 'label', 'matrix'].flatMap((style) =>
    explodes.flatMap((explode) => kinds.map((kind) => ({ style, explode, kind }))),
  )
  test.each(cases)('$kind in style $style, explode $explode', ({ style, explode, kind }) => {
    const parameter = parameterOf({ in: 'path', style, explode }, schemas[kind])
    const read = createPathReader(parameter)
    fc.assert(
      fc.property(valuesOf(kind, text), (value) => {
        const written = writePathText(parameter, value)
        expect(written).toMatch(/^[\w.~%,;=-]*$/)
        expect(read(written)).toEqual(value)
      }),
    )
  })
})

describe('a query parameter gives its value back', () => {
  const separators = { form: '', spaceDelimited: ' ', pipeDelimited: '|' }
  const cases = Object.entries(separators).flatMap(([style, separator]) =>
    explodes.flatMap((explode) => kinds.map((kind) => ({ style, separator, explode, kind }))),
  )
  test.each(cases)('$kind in style $style, explode $explode', ({ style, separator, explode, kind }) => {
    for (const allowReserved of [true, false]) {
      const parameter = parameterOf({ in: 'query', style, explode, allowReserved }, schemas[kind])
      const read = createQueryReader([parameter])
      const texts = without(explode ? '' : separator)
      fc.assert(
        fc.property(valuesOf(kind, texts), (value) => {
          const written = writeQuery([parameter], { color: value })
          expect(written).toMatch(/^[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f-\x7e]*$/)
          expect(read(written)).toEqual({ values: { color: value }, violations: [] })
        }),
      )
    }
  })

  test('an object within objects and lists in style deepObject', () => {
    const place = { type: 'object', properties: { city: { type: 'string' }, floor: { type: 'integer' } } }
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string' },
        at: place,
        sizes: { type: 'array', items: { type: 'integer' } },
      },
    }
    const parameter = parameterOf({ in: 'query', style: 'deepObject' }, schema)
    const read = createQueryReader([parameter])
    const value = fc.record({
      name: text,
      at: fc.record({ city: text, floor: fc.integer() }),
      sizes: fc.array(fc.integer(), { minLength: 1 }),
    })
    fc.assert(
      fc.property(value, (color) => {
        expect(read(writeQuery([parameter], { color }))).toEqual({ values: { color }, violations: [] })
      }),
    )
  })

  describe('a list in style deepObject', () => {
    const list = { type: 'array', items: { type: 'integer' } }
    const read = createQueryReader([
      parameterOf(
        { in: 'query', style: 'deepObject' },
        { type: ['object', 'array'], properties: { at: list } },
      ),
    ])

    test('is read in the order of its indices', () => {
      const indices = Array.from({ length: 12 }, (_, index) => index)
      const query = indices.toReversed().map((index) => `color[at][${index}]=${index}`)
      expect(read(query.join('&'))).toEqual({ values: { color: { at: indices } }, violations: [] })
      expect(read('color[1]=b&color[0]=a').values).toEqual({ color: ['a', 'b'] })
    })

    test('is none of a value without a type that is numbered in another way', () => {
      const readAny = createQueryReader([
        parameterOf({ in: 'query', style: 'deepObject' }, { type: 'object' }),
      ])
      expect(readAny('color[year][2024]=5')).toMatchObject({
        values: { color: { year: { 2024: '5' } } },
        violations: [],
      })
    })

    test.each([
      'color[at][5]=1',
      'color[at][0]=1&color[at][2]=2',
      'color[at][0]=1&color[at][0]=2',
      'color[at][0]=1&color[at][00]=2',
      'color[at][0]=1&color[at][]=2',
      'color[at]=1&color[at][0]=2',
    ])('is refused where its indices say no order: %s', (query) => {
      expect(read(query).violations).toEqual([
        {
          location: 'query["color[at]"]',
          rule: 'uniqueKeys',
          message: 'must have each index from 0 on once',
        },
      ])
    })
  })

  test('a value of style deepObject nests 512 levels at most', () => {
    const read = createQueryReader([parameterOf({ in: 'query', style: 'deepObject' }, { type: 'object' })])
    const nest = (levels: number) => read(`color${'[a]'.repeat(levels)}=1`).violations
    expect(nest(512)).toEqual([])
    for (const levels of [513, 5_000])
      expect(nest(levels)).toMatchObject([{ rule: 'maxDepth', message: 'must nest at most 512 levels' }])
  })

  test.each(['application/json', 'application/problem+json; charset=utf-8'])('any JSON as %s', (type) => {
    const parameter = readParameter({ name: 'color', in: 'query', content: { [type]: { schema: {} } } })
    const read = createQueryReader([parameter])
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(JSON.stringify(value).isWellFormed() && !JSON.stringify(value).includes('"__proto__"'))
        const json: unknown = JSON.parse(JSON.stringify(value))
        expect(read(writeQuery([parameter], { color: json })).values).toEqual({ color: json })
      }),
    )
  })

  test.each([
    ['querystring', 'application/json'],
    ['querystring', 'application/x-www-form-urlencoded'],
    ['query', 'application/x-www-form-urlencoded'],
  ])('a %s as %s', (place, type) => {
    const content = { [type]: { schema: schemas.record } }
    const parameter = readParameter({ name: 'color', in: place, content })
    const read = createQueryReader([parameter])
    fc.assert(
      fc.property(valuesOf('record', text), (color) => {
        expect(read(writeQuery([parameter], { color })).values).toEqual({ color })
      }),
    )
  })
})

describe('a header parameter gives its value back', () => {
  const cases = explodes.flatMap((explode) => kinds.map((kind) => ({ explode, kind })))
  test.each(cases)('$kind, explode $explode', ({ explode, kind }) => {
    const parameter = parameterOf({ in: 'header', explode }, schemas[kind])
    const read = createHeaderReader(parameter)
    const texts = without(',=', ascii)
      .map((one) => one.trim())
      .filter(Boolean)
    fc.assert(
      fc.property(valuesOf(kind, texts), (value) => {
        expect(read(writeHeaderText(parameter, value))).toEqual(value)
      }),
    )
  })

  test('any JSON', () => {
    const parameter = readParameter({ name: 'color', in: 'header', content: { 'application/json': {} } })
    const read = createHeaderReader(parameter)
    const readable = fc
      .json({ noUnicodeString: false })
      .filter((one) => !one.includes('"__proto__":'))
      .map((one): unknown => JSON.parse(one))
    fc.assert(
      fc.property(readable, (json) => {
        const written = writeHeaderText(parameter, json)
        expect(written).toMatch(/^[\x20-\x7e]*$/)
        expect(read(written)).toEqual(json)
      }),
    )
  })

  test.each(['{"__proto__":[]}', '{"a":1,"a":2}', '[0.12345678901234567890]', '[1e400]', '{'])(
    'refuses %s',
    (written) => {
      const read = createHeaderReader(
        readParameter({ name: 'color', in: 'header', content: { 'application/json': {} } }),
      )
      expect(() => read(written)).toThrow('header.color must be one JSON text')
    },
  )
})

describe('a cookie parameter gives its value back', () => {
  const cases = (['form', 'cookie'] as const).flatMap((style) =>
    explodes.flatMap((explode) =>
      // An exploded object is told from other cookies by the names that its schema has.
      kinds.filter((kind) => !(explode && kind === 'members')).map((kind) => ({ style, explode, kind })),
    ),
  )
  test.each(cases)('$kind in style $style, explode $explode', ({ style, explode, kind }) => {
    const parameter = parameterOf({ in: 'cookie', style, explode }, schemas[kind])
    const read = createCookieReader(parameter)
    // Style cookie leaves texts as they are, so these are what a cookie can carry (RFC 6265 §4.1.1).
    const plain = fc.stringMatching(/^[!#$%&'()*+./0-9:<>?@A-Z^_`a-z{|}~-]+$/)
    fc.assert(
      fc.property(valuesOf(kind, style === 'form' ? text : plain), (value) => {
        const header = ['other=1', ...writeCookiePairs(parameter, value)].join('; ')
        expect(header).toMatch(/^[\x21\x23-\x7e ]*$/)
        expect(read(header)).toEqual(value)
      }),
    )
  })
})

describe('the examples of the specification', () => {
  const array = ['blue', 'black', 'brown']
  const object = { R: 100, G: 200, B: 150 }
  test.each([
    ['simple', false, 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
    ['simple', true, 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
    ['label', false, '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
    ['label', true, '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
    ['matrix', false, ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
    ['matrix', true, ';color=blue', ';color=blue;color=black;color=brown', ';R=100;G=200;B=150'],
  ])('in a path, style %s, explode %s', (style, explode, ...texts) => {
    const parameter = parameterOf({ in: 'path', style, explode }, {})
    expect(['blue', array, object].map((value) => writePathText(parameter, value))).toEqual(texts)
  })

  test.each([
    ['form', false, 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
    ['form', true, 'color=blue', 'color=blue&color=black&color=brown', 'R=100&G=200&B=150'],
    [
      'spaceDelimited',
      false,
      'color=blue',
      'color=blue%20black%20brown',
      'color=R%20100%20G%20200%20B%20150',
    ],
    ['pipeDelimited', false, 'color=blue', 'color=blue%7Cblack%7Cbrown', 'color=R%7C100%7CG%7C200%7CB%7C150'],
    [
      'deepObject',
      true,
      'color=blue',
      'color[0]=blue&color[1]=black&color[2]=brown',
      'color[R]=100&color[G]=200&color[B]=150',
    ],
  ])('in a query, style %s, explode %s', (style, explode, ...texts) => {
    const parameter = parameterOf({ in: 'query', style, explode }, {})
    expect(['blue', array, object].map((color) => writeQuery([parameter], { color }))).toEqual(texts)
  })

  test('in a cookie', () => {
    const form = parameterOf({ in: 'cookie' }, {})
    expect(writeCookiePairs(form, ['a b', 'c;d'])).toEqual(['color=a%20b', 'color=c%3Bd'])
    expect(writeCookiePairs(form, object)).toEqual(['R=100', 'G=200', 'B=150'])
    const plain = parameterOf({ in: 'cookie', style: 'cookie', explode: false }, {})
    expect(writeCookiePairs(plain, 'a+b')).toEqual(['color=a+b'])
  })
})

describe('text in no form of its style', () => {
  test('one word in a label is no list, where it may be both', () => {
    const either: JsonSchema = { type: ['string', 'array'], items: { type: 'string' } }
    const read = createPathReader(parameterOf({ in: 'path', style: 'label', explode: true }, either))
    expect([read('.abc'), read('.abc.d')]).toEqual(['abc', ['abc', 'd']])
  })

  test.each([
    ['label', 'blue'],
    ['matrix', 'color=blue'],
    ['matrix', ';colour=blue'],
    ['matrix', ';color=1;size=2'],
  ])('stays text, for the schema to refuse: style %s, %s', (style, raw) => {
    for (const kind of ['numbers', 'record'] as const) {
      const read = createPathReader(parameterOf({ in: 'path', style }, schemas[kind]))
      expect(typeof read(raw)).toBe('string')
    }
  })

  test('a name that stands twice in an object has no reading', () => {
    const read = createPathReader(parameterOf({ in: 'path' }, schemas.record))
    expect(read('R,1,R,2')).toBe('R,1,R,2')
  })
})

describe('a value without a spelling is refused', () => {
  test.each([
    [
      'a space in an element',
      { in: 'query', style: 'spaceDelimited', explode: false },
      ['a b'],
      'must hold no space',
    ],
    [
      'a bar in an element',
      { in: 'query', style: 'pipeDelimited', explode: false },
      ['a|b'],
      'must hold no |',
    ],
    ['half a character in a query', { in: 'query' }, '\ud800', 'lone surrogates'],
  ])('%s', (_title, members, color, reason) => {
    expect(() => writeQuery([parameterOf(members, {})], { color })).toThrow(reason)
  })

  test.each([
    ['half a character', 'path', '\ud800', 'lone surrogates'],
    ['a line break', 'header', 'a\nb', 'that a header can carry'],
    ['half a character', 'header', '\ud800', 'lone surrogates'],
    ['a control character', 'header', '☃\u007f', 'that a header can carry'],
    ['a comma in an element', 'header', ['a,b'], 'no comma'],
  ])('%s in a %s', (_title, place, color, reason) => {
    const write = place === 'path' ? writePathText : writeHeaderText
    expect(() => write(parameterOf({ in: place }, {}), color)).toThrow(reason)
  })
})
