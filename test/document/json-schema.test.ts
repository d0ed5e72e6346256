import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { createCompiler } from '../../src/document/schema-compiler.ts'
import { createSchemaReader, placeDefinitions, toJsonSchema } from '../../src/document/schema-reader.ts'

test.each([
  ['nothing', undefined, {}],
  ['a type', { type: 'string', minLength: 1 }, { type: 'string', minLength: 1 }],
  ['null beside a type', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
  ['null that is not allowed', { type: 'string', nullable: false }, { type: 'string' }],
  [
    'null beside choices',
    { type: 'integer', enum: [12, 24], nullable: true },
    { type: ['integer', 'null'], enum: [12, 24, null] },
  ],
  [
    'null among the choices',
    { type: 'string', enum: ['a', null], nullable: true },
    { type: ['string', 'null'], enum: ['a', null] },
  ],
  [
    'null beside alternatives',
    { nullable: true, oneOf: [{ type: 'string', example: 'x' }] },
    { anyOf: [{ oneOf: [{ type: 'string' }] }, { type: 'null' }] },
  ],
  [
    'a rule for names of members',
    { type: 'object', 'x-propertyNames': { maxLength: 4 } },
    { type: 'object', propertyNames: { maxLength: 4 } },
  ],
  [
    'a property with the name of a keyword',
    { type: 'object', properties: { example: { type: 'string', 'x-a': 1 }, nullable: { type: 'boolean' } } },
    { type: 'object', properties: { example: { type: 'string' }, nullable: { type: 'boolean' } } },
  ],
  [
    'schemas in schemas',
    {
      type: 'array',
      items: { type: 'object', additionalProperties: { type: 'string', nullable: true } },
      not: { type: 'null', xml: {} },
    },
    {
      type: 'array',
      items: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
      not: { type: 'null' },
    },
  ],
  [
    'a closed object',
    { type: 'object', additionalProperties: false },
    { type: 'object', additionalProperties: false },
  ],
  ['what is deprecated', { type: 'string', deprecated: true }, { type: 'string', deprecated: true }],
  ['what is not deprecated', { type: 'string', deprecated: false }, { type: 'string' }],
  [
    'what only OpenAPI knows',
    { type: 'string', example: 'a', externalDocs: {}, discriminator: {}, 'x-origin': 'b' },
    { type: 'string' },
  ],
])('%s becomes JSON Schema', (_title, schema, expected) => {
  expect(toJsonSchema(schema)).toEqual(expected)
})

describe('a schema of a document', () => {
  const schemas = {
    Id: { type: 'string', maxLength: 9 },
    Node: { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' } } },
    Pair: {
      type: 'object',
      required: ['id', 'left', 'secret'],
      properties: {
        id: { type: 'string', readOnly: true },
        secret: { type: 'string', writeOnly: true },
        left: { $ref: '#/components/schemas/Id' },
        right: { $ref: '#/components/schemas/Id' },
        default: { $ref: '#/components/schemas/Alias' },
        $ref: { type: 'integer' },
      },
    },
    Alias: { $ref: '#/components/schemas/Node' },
    Own: { type: 'string', readOnly: true },
    Base: {
      properties: {
        id: { readOnly: true },
        self: { allOf: [{ $ref: '#/components/schemas/Own' }] },
        name: {},
      },
    },
    Loop: { $ref: '#/components/schemas/Loop' },
    'Odd Näme': { type: 'integer' },
  }
  const document = { openapi: '3.1.0', paths: {}, components: { schemas } }
  const refer = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const readAs = (direction: 'request' | 'response') => createSchemaReader(document, direction)
  const read = readAs('request')

  test('that is referred to stands in the definitions, and in place for readers where it is once', () => {
    const schema = { type: 'array', items: { ...refer('Id'), description: 'One.' } }
    const items = { $ref: '#/$defs/Id', description: 'One.' }
    expect(read(schema)).toEqual({ type: 'array', items, $defs: { Id: schemas.Id } })
    expect(placeDefinitions(read(schema))).toEqual({
      type: 'array',
      items: { type: 'string', maxLength: 9, description: 'One.' },
    })
  })

  test('that refers to itself keeps the reference, but for the root', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } }
    const schema = { ...node, $defs: { Node: node } }
    expect(read(refer('Node'))).toEqual(schema)
    expect(placeDefinitions(schema)).toEqual(schema)
  })

  test('that is referred to twice is written once', () => {
    expect(read(refer('Pair'))).toMatchObject({
      properties: { left: { $ref: '#/$defs/Id' }, right: { $ref: '#/$defs/Id' }, $ref: { type: 'integer' } },
      $defs: { Id: schemas.Id },
    })
  })

  test('requires of a request and of a response what each can have', () => {
    expect(read(refer('Pair')).required).toEqual(['left', 'secret'])
    expect(readAs('response')(refer('Pair')).required).toEqual(['id', 'left'])
  })

  const required = ['id', 'self', 'name']
  test.each([
    [{ ...refer('Base'), required }, { required: ['name'] }],
    [
      { allOf: [refer('Base'), { required }, { allOf: [{ required }] }] },
      { allOf: [{}, { required: ['name'] }, { allOf: [{ required: ['name'] }] }] },
    ],
    [
      { allOf: [refer('Base'), { properties: { inner: { required } } }] },
      { allOf: [{}, { properties: { inner: { required } } }] },
    ],
    [{ allOf: [refer('Base')], required }, { required: ['name'] }],
    [
      { properties: { id: { readOnly: true } }, allOf: [{ required: ['id', 'name'] }] },
      { allOf: [{ required: ['name'] }] },
    ],
  ])('requires of a request what is not described as read-only elsewhere (%j)', (schema, expected) => {
    expect(read({ type: 'array', items: schema })).toMatchObject({ items: expected })
    expect(JSON.stringify(readAs('response')(schema))).toContain('"required":["id"')
  })

  test('finds what it may leave out in steps in proportion to its parts', () => {
    const countSteps = (size: number) => {
      let steps = 0
      const names = Array.from({ length: size }, (_, n) => `P${n}`)
      const parts = names.map((name) => [name, { properties: { [name]: { readOnly: name === 'P0' } } }])
      const all = { allOf: names.map(refer), required: names }
      const get = (of: object, name: string): unknown => {
        steps += 1
        return Reflect.get(of, name)
      }
      const counted = new Proxy({ ...Object.fromEntries(parts), All: all }, { get })
      const wide = { ...document, components: { schemas: counted } }
      expect(createSchemaReader(wide, 'request')(refer('All')).required).toHaveLength(size - 1)
      return steps
    }
    expect(countSteps(200)).toBeLessThan(2.5 * countSteps(100))
  })

  test('ends after a chain of 5,000 parts', () => {
    const chain = Array.from({ length: 5_000 }, (_, n) => [`P${n}`, { allOf: [refer(`P${n + 1}`)] }])
    const long = {
      ...document,
      components: { schemas: { ...schemas, ...Object.fromEntries(chain), P5000: schemas.Base } },
    }
    const items = { ...refer('P0'), required }
    expect(createSchemaReader(long, 'request')({ items })).toMatchObject({ items: { required: ['name'] } })
  })

  test('is put in place 32 levels deep at most', () => {
    const chain = Array.from({ length: 5_000 }, (_, n) => [
      `P${n}`,
      { properties: { next: refer(`P${n + 1}`) } },
    ])
    const long = { ...document, components: { schemas: { ...Object.fromEntries(chain), P5000: schemas.Id } } }
    const placed = placeDefinitions(createSchemaReader(long, 'request')(refer('P0')))
    expect(Object.keys(asRecord(placed.$defs))).toHaveLength(Math.floor(4_999 / 33))
    expect(JSON.stringify(placed)).toContain(JSON.stringify(schemas.Id))
  })

  test('that is narrowed beside its reference holds both', () => {
    expect(read({ ...refer('Id'), minLength: 2 })).toEqual({ allOf: [schemas.Id, { minLength: 2 }] })
  })

  test.each(['request', 'response'] as const)(
    'that is closed beside its reference is so whole (%s)',
    (way) => {
      const closed = { ...refer('Open'), properties: { b: {} }, unevaluatedProperties: false }
      const open = { type: 'object', properties: { a: {} } }
      const described = { ...document, components: { schemas: { Open: open } } }
      const check = createCompiler()(createSchemaReader(described, way)(closed))
      const bodies: unknown[] = [{ a: 1 }, { a: 1, b: 2 }, { c: 3 }, { a: 1, constructor: 3 }]
      expect(bodies.map((body) => check?.(body))).toEqual([true, true, false, false])
    },
  )

  test.each([refer('Nobody'), refer('Loop'), { $ref: 'other.yaml#/a' }, 7, null, true])(
    'that says nothing sensible (%j) allows any value',
    (schema) => {
      expect(read(schema)).toEqual({})
    },
  )

  test('has names that a reference can hold', () => {
    const name = 'Odd Näme'
    const schema = read({ anyOf: [refer(name), { type: 'array', items: refer(encodeURIComponent(name)) }] })
    expect(placeDefinitions(schema)).toEqual({
      anyOf: [{ type: 'integer' }, { type: 'array', items: { type: 'integer' } }],
    })
    expect(Object.keys(asRecord(read({ anyOf: [refer(name), { not: refer(name) }] }).$defs))).toEqual([
      'Odd_N_me',
    ])
  })
})

test.each([
  [
    'bounds of 3.0',
    { minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
    { exclusiveMinimum: 1, maximum: 9 },
  ],
  [
    'escapes that Unicode does not have',
    { pattern: '^[\\w\\-\\.]+\\@a\\-b{2,3}$' },
    { pattern: '^[\\w\\-\\.]+@a-b{2,3}$' },
  ],
  ['a brace that stands alone', { pattern: '^{a}$' }, { pattern: '^\\{a\\}$' }],
  [
    'what stands in escaped braces',
    { pattern: '^\\{2}{,3}[{2}]a{2,}$' },
    { pattern: '^\\{2\\}\\{,3\\}[{2}]a{2,}$' },
  ],
  ['a pattern of another language', { pattern: '(?<!a)(?i)b' }, {}],
  ['a format that nobody knows', { type: 'string', format: 'even-number' }, { type: 'string' }],
  ['types that there are not', { type: 'any' }, {}],
  ['several types', { type: ['string', 'null'] }, { type: ['string', 'null'] }],
  ['a file of 2.0', { type: 'file' }, { type: 'string' }],
  ['required of draft 3', { type: 'string', required: true }, { type: 'string' }],
  ['limits of the wrong kind', { minLength: '1', maxLength: -1, multipleOf: 0, enum: [] }, {}],
  ['a limit without end', { multipleOf: Number.POSITIVE_INFINITY, maximum: Number.POSITIVE_INFINITY }, {}],
  ['no schema at all', { not: 7, additionalProperties: false, allOf: [] }, { additionalProperties: false }],
  [
    'true and false as schemas',
    { if: true, else: false, not: false, contains: false, propertyNames: false },
    {
      if: {},
      else: { not: {} },
      not: { not: {} },
      contains: { not: {} },
      propertyNames: { not: {} },
    },
  ],
  ['an item that nothing satisfies', { allOf: [false] }, { allOf: [{ not: {} }] }],
  ['a tuple of draft 7', { items: [{ type: 'string' }] }, { prefixItems: [{ type: 'string' }] }],
  ['identifiers', { $id: 'https://a.org', $anchor: 'b', $schema: 'c', $comment: 'd', $dynamicRef: '#e' }, {}],
])('%s: what a strict validator takes', (_title, schema, expected) => {
  const read = toJsonSchema(schema)
  expect(read).toEqual(expected)
  expect(() => new Ajv2020({ strictTypes: false, strictTuples: false }).compile(read)).not.toThrow()
})
