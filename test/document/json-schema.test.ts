import { expect, test } from 'vitest'
import { toJsonSchema } from '../../src/document/json-schema.ts'

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
  [
    'what only OpenAPI knows',
    { type: 'string', example: 'a', deprecated: true, externalDocs: {}, discriminator: {}, 'x-origin': 'b' },
    { type: 'string' },
  ],
])('%s becomes JSON Schema', (_title, schema, expected) => {
  expect(toJsonSchema(schema)).toEqual(expected)
})
