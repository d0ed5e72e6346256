import { expect, it } from 'vitest'
import { keepLocalReferences } from '../../src/document/local-references.ts'

const schemas = { Cat: { type: 'object' }, Dog: { type: 'object' } }

it('keeps references to parts of the document, whose names may be percent-encoded', () => {
  const document = {
    components: { schemas: { ...schemas, 'a b': {} } },
    paths: { '/x': { $ref: '#/components/schemas/a%20b' } },
    list: [{ type: 'string' }, { $ref: '#/list/0' }],
  }
  expect(keepLocalReferences(document)).toEqual(document)
})

it.each([
  'http://127.0.0.1/x',
  'file:///etc/hostname',
  '/etc/hostname',
  'other.yaml#/Cat',
  '#Cat',
  '#/components/schemas/Bird',
])('leaves %s out, wherever it stands', ($ref) => {
  const document = {
    components: { schemas, examples: { one: { $ref } } },
    'x-own': [{ $ref, beside: 1 }],
    example: { $ref, discriminator: { $ref, mapping: 'none' } },
    schema: { discriminator: { propertyName: 'kind', mapping: { cat: 'Cat' }, 'x-own': [{ $ref }] } },
  }
  expect(keepLocalReferences(document)).toEqual({
    components: { schemas, examples: { one: {} } },
    'x-own': [{ beside: 1 }],
    example: { discriminator: { mapping: 'none' } },
    schema: {
      discriminator: {
        propertyName: 'kind',
        mapping: { cat: '#/components/schemas/Cat' },
        'x-own': [{}],
      },
    },
  })
})

it('keeps a property that is called $ref', () => {
  const document = { properties: { $ref: { type: 'string' } } }
  expect(keepLocalReferences(document)).toEqual(document)
})

it('writes the names in a mapping as references, and leaves out those that lead elsewhere', () => {
  const mapping = { cat: 'Cat', dog: '#/components/schemas/Dog', bird: 'Bird', fish: 'http://127.0.0.1/Fish' }
  const discriminator = { propertyName: 'kind', mapping }
  expect(keepLocalReferences({ components: { schemas }, schema: { discriminator } })).toEqual({
    components: { schemas },
    schema: {
      discriminator: {
        propertyName: 'kind',
        mapping: { cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog' },
      },
    },
  })
})
