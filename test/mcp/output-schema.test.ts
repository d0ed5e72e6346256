import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import type { JsonSchema } from '../../src/document/json-schema.ts'
import { readOperations } from '../../src/document/operations.ts'
import { compileOperations } from '../../src/document/validation.ts'
import { describeOutput } from '../../src/mcp/output-schema.ts'
import { simplifySchema } from '../../src/mcp/simple-schema.ts'
import { offerTool } from '../../src/mcp/tool-description.ts'
import { createOptions } from './example.ts'

const strict = {
  type: 'object',
  required: ['status', 'data'],
  additionalProperties: false,
  minProperties: 2,
  properties: {
    status: { type: 'string', enum: ['success'] },
    data: {
      type: 'object',
      description: 'What came.',
      required: ['id'],
      additionalProperties: false,
      properties: {
        id: { type: 'integer', description: 'A number.' },
        tags: { type: 'array', items: { type: 'string' } },
      },
    },
  },
}

const shipped = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8'))
const offers = compileOperations(readOperations(shipped)).flatMap(
  (operation) => offerTool(operation, createOptions().options) ?? [],
)

describe('an input schema', () => {
  it('offers each type of a list by itself and only formats that every client knows, and means the same', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: ['string', 'null'], description: 'A name.', maxLength: 3 },
        list: { type: 'array', items: { type: ['integer', 'null'], enum: [1, null] } },
        zone: { type: 'string', format: 'iana-time-zone' },
        day: { type: 'string', format: 'date' },
      },
      additionalProperties: { anyOf: [{ type: ['string', 'boolean'] }] },
    }
    const split = simplifySchema(schema)
    expect(split.properties).toEqual({
      name: { description: 'A name.', anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] },
      list: { type: 'array', items: { anyOf: [{ type: 'integer', enum: [1] }, { type: 'null' }] } },
      zone: { type: 'string' },
      day: { type: 'string', format: 'date' },
    })
    const [before, after] = [schema, split].map((one) =>
      new Ajv({ strict: false, validateFormats: false }).compile(one),
    )
    for (const name of ['abc', 'abcd', null, 7])
      for (const list of [[], [1], [null], [2], null])
        for (const other of ['x', true, 1])
          expect(after?.({ name, list, other })).toBe(before?.({ name, list, other }))
  })
})

describe('a choice of values in an input schema', () => {
  it.each([
    [{ type: ['string', 'null'], enum: [null] }, [{ type: 'null' }]],
    [{ type: ['string', 'null'], const: null }, [{ type: 'null' }]],
    [{ type: ['string', 'integer', 'null'], enum: [null, 'a'] }, undefined],
    [{ type: ['string', 'null'], enum: ['a'] }, [{ type: 'string', enum: ['a'] }]],
    [{ type: ['string', 'null'], const: 'a' }, [{ type: 'string', const: 'a' }]],
    [{ type: ['string', 'integer'], enum: [null] }, undefined],
    [{ type: ['string', 'null'], enum: ['a', 'b', null], const: 'a' }, undefined],
    [{ type: ['string', 'integer'], const: null }, undefined],
  ])('means the same as %j, in a schema that validators take', (schema, anyOf) => {
    const split = simplifySchema(schema)
    if (anyOf) expect(split).toEqual({ anyOf })
    const [before, after] = [schema, split].map((one) => new Ajv({ strict: false }).compile(one))
    for (const value of [null, 'a', 'b', 1, [], {}]) expect(after?.(value)).toBe(before?.(value))
  })
})

describe('an output schema', () => {
  const accepts = new Ajv({ strict: false }).compile(describeOutput(strict))
  const leaf = (type: string, description: string) => ({
    description,
    anyOf: [{ type }, { not: { type } }],
  })

  it('documents a member at the end of a chain of 5,000 parts', () => {
    const parts = Array.from({ length: 5_000 }, (_, n) => [
      `P${n}`,
      { allOf: [{ $ref: `#/$defs/P${n + 1}` }] },
    ])
    const $defs = { ...Object.fromEntries(parts), P5000: strict }
    expect(describeOutput({ $ref: '#/$defs/P0', $defs }).properties).toHaveProperty('status')
  })

  it('documents what schemas share once for all of them, to the depth that each has it at', () => {
    const Node = {
      type: 'object',
      properties: { name: { type: 'string' }, next: { $ref: '#/$defs/Node' } },
    }
    const $defs = { Node, List: { type: 'array', items: Node.properties.next } }
    const roots = [
      { ...Node, $defs },
      { type: 'object', properties: { node: Node.properties.next, list: { $ref: '#/$defs/List' } }, $defs },
      { ...Node, description: 'Another.', $defs },
    ]
    const described = roots.map((one) => describeOutput(one))
    expect(described).toEqual(roots.map((one) => describeOutput(structuredClone(one))))
    expect(asRecord(described[2]?.properties).name).toBe(asRecord(described[0]?.properties).name)
  })

  it('documents each member', () => {
    expect(describeOutput(strict)).toEqual({
      type: 'object',
      description: '(object)',
      properties: {
        status: leaf('string', '(string, one of "success")'),
        data: {
          description: 'What came. (object)',
          anyOf: [
            {
              type: 'object',
              properties: {
                id: leaf('integer', 'A number. (integer)'),
                tags: {
                  description: '(array)',
                  anyOf: [{ type: 'array', items: leaf('string', '(string)') }, { not: { type: 'array' } }],
                },
              },
            },
            { not: { type: 'object' } },
          ],
        },
      },
    })
  })

  it('documents the members of every choice', () => {
    const schema = {
      oneOf: [{ type: 'null' }, { type: 'object', properties: { a: { type: ['string', 'null'] } } }],
    }
    expect(describeOutput(schema)).toEqual({
      type: 'object',
      description: '(null or object)',
      properties: { a: leaf('string', '(string or null)') },
    })
  })

  it('documents what a choice within a choice is', () => {
    const schema = {
      allOf: [{ anyOf: [{ $ref: '#/$defs/Pet' }, { type: 'null' }] }],
      $defs: { Pet: { type: 'object', properties: { a: { type: 'string' } } } },
    }
    expect(describeOutput(schema)).toEqual({
      type: 'object',
      description: '(object or null)',
      properties: { a: leaf('string', '(string)') },
    })
  })

  const pet = (kind: string, more: JsonSchema) => ({
    type: 'object',
    properties: { kind: { type: 'string', const: kind }, size: { type: 'integer' }, ...more },
  })
  it('documents a member that several choices have by what each of them says', () => {
    const cat = pet('Cat', { age: { type: 'integer' }, mood: { type: 'string' } })
    const dog = pet('Dog', {
      age: { type: ['string', 'null'] },
      mood: { type: 'string', description: 'How it is.' },
    })
    expect(describeOutput({ oneOf: [cat, dog] }).properties).toEqual({
      kind: leaf('string', '(string, one of "Cat", "Dog")'),
      size: leaf('integer', '(integer)'),
      age: leaf('integer', '(integer or string or null)'),
      mood: leaf('string', 'How it is. (string)'),
    })
  })

  it('documents a member that is joined by what is said last', () => {
    const joined = {
      allOf: [
        { properties: { a: { type: 'string' } } },
        { properties: { a: { type: 'string', enum: ['x'] } } },
      ],
    }
    expect(describeOutput(joined).properties).toEqual({ a: leaf('string', '(string, one of "x")') })
  })

  it.each([
    [{ enum: ['a', 'b'] }, 'string', '(one of "a", "b")'],
    [{ enum: [null, 1] }, 'number', '(one of null, 1)'],
    [{ const: true }, 'boolean', '(one of true)'],
    [{ const: null }, 'null', '(one of null)'],
    [{ const: [1] }, 'array', '(one of [1])'],
    [{ enum: [{}] }, 'object', '(one of {})'],
    [{ oneOf: [{ const: 'a' }, { const: 'b' }] }, 'string', undefined],
    [{ allOf: [{ enum: ['a'] }] }, 'string', undefined],
    [{ type: ['null', 'string'], enum: [1, 'a'] }, 'string', '(null or string, one of 1, "a")'],
  ])('gives what %j names the type of its values', (schema, type, description) => {
    const described = { anyOf: [{ type }, { not: { type } }], ...(description && { description }) }
    expect(describeOutput({ type: 'object', properties: { a: schema } }).properties).toEqual({ a: described })
  })

  it('documents a text that is named without its type as a result', () => {
    expect(describeOutput({ enum: ['a', 'b'] }).properties).toEqual({
      result: { anyOf: [{ type: 'string' }, { not: { type: 'string' } }] },
    })
  })

  it('documents no member that is for requests alone', () => {
    const hidden = { type: 'string', writeOnly: true }
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' }, b: hidden, c: { allOf: [hidden] }, d: { $ref: '#/$defs/Hidden' } },
    }
    const { properties } = describeOutput({ ...schema, $defs: { Hidden: hidden } })
    expect(Object.keys(Object(properties))).toEqual(['a'])
  })

  const list = (items: JsonSchema) => ({ anyOf: [{ type: 'array', items }, { not: { type: 'array' } }] })
  const either = (type: string) => ({ anyOf: [{ type }, { not: { type } }] })
  const object = { type: 'object', properties: { a: { type: 'string' } } }
  const described = { a: leaf('string', '(string)') }
  const element = {
    description: '(object)',
    anyOf: [{ type: 'object', properties: described }, { not: { type: 'object' } }],
  }
  it.each<[string, JsonSchema, JsonSchema]>([
    ['a list', { type: 'array', items: object }, { result: list(element) }],
    ['a list without a type', { items: object }, { result: list(element) }],
    [
      'a tuple',
      { type: 'array', prefixItems: [object, { type: 'integer' }] },
      { result: list({ description: '(object or integer)', anyOf: element.anyOf }) },
    ],
    ['a text', { type: 'string' }, { result: either('string') }],
    ['null', { type: 'null' }, { result: either('null') }],
    [
      'an object or a list',
      { oneOf: [object, { type: 'array', items: object }] },
      { result: list(element), ...described },
    ],
    ['an object that may be null', { oneOf: [object, { type: 'null' }] }, described],
  ])('documents the result of %s', (_what, schema, properties) => {
    expect(describeOutput(schema).properties).toEqual(properties)
  })

  it('ends where a schema is a choice of itself', () => {
    const node = { anyOf: [{ type: 'string' }, { $ref: '#/$defs/Node' }] }
    expect(describeOutput({ $ref: '#/$defs/Node', $defs: { Node: node } }).description).toBe('(string)')
  })

  it('ends where a schema is a part of itself', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } }
    const text = JSON.stringify(describeOutput({ $ref: '#/$defs/Node', $defs: { Node: node } }))
    expect(text.match(/"next"/g)).toHaveLength(8)
    expect(text).not.toContain('$ref')
  })

  it('has no empty schema and no list of types, whatever the document says', () => {
    for (const { description } of offers) {
      expect(JSON.stringify(description.outputSchema)).not.toMatch(/\{\}|"type":\[/)
      expect(JSON.stringify(description.inputSchema)).not.toMatch(/"type":\[/)
    }
  })

  it.each([
    {},
    { status: 7, data: null },
    { status: 'success', data: { id: '7', tags: [1, null], more: true } },
    { state: 'success', data: [] },
    { error: { code: 'x' } },
  ])('is satisfied by the object %j', (value) => {
    expect(accepts(value)).toBe(true)
  })

  it.each([null, 7, 'x', []])('is for objects only, as MCP asks, not for %j', (value) => {
    expect(accepts(value)).toBe(false)
  })

  it('has an object at its root, whatever the document says', () => {
    expect(describeOutput({ type: 'array', items: {} }).type).toBe('object')
  })
})
