import { describe, expect, test } from 'vitest'
import { readOwn } from '../../src/document/json.ts'
import type { Operation } from '../../src/document/operations.ts'
import { readParameter } from '../../src/document/parameters.ts'
import { compileOperations } from '../../src/document/validation.ts'
import { createBody } from '../support/operation.ts'

const parameters = [
  { name: 'id', in: 'path', style: 'label', explode: true, required: true, schema: { type: 'array' } },
  { name: 'ids', in: 'query', schema: { type: 'array' } },
  { name: 'joined', in: 'query', explode: false, schema: { type: 'array' } },
  { name: 'deep', in: 'query', style: 'deepObject', schema: { type: 'object' } },
  { name: 'open', in: 'query', schema: { type: 'object' } },
  { name: 'X-Sizes', in: 'header', schema: { type: 'array' } },
  { name: 'sizes', in: 'cookie', schema: { type: 'array' } },
  { name: 'colors', in: 'cookie', schema: { type: 'object' } },
].map((one) => readParameter(one))
const file = { type: 'string', format: 'binary' }
const form = { type: 'object', properties: { ids: { type: 'array' }, name: { type: 'string' }, scan: file } }

const probe: Operation = {
  id: 'probe',
  method: 'DELETE',
  path: '/things/{id}',
  restPath: '/things/{id}',
  summary: '',
  parameters,
  responses: [],
  success: { status: 200, schema: {} },
  security: [],
}

/** Where a call that the schemas allow cannot be written. */
function listPlaces(input: object, body?: Operation['body']): string[] {
  const [checked] = compileOperations([{ ...probe, ...(body && { body }) }])
  const call = { path: { id: ['a'] }, query: {}, header: {}, cookie: {}, ...input }
  return checked?.validate(call).map(({ location }) => location) ?? []
}

/** Where values of a path's variables cannot be written; the schemas of variables are by name. */
function listPathPlaces(path: string, values: Record<string, unknown>, schemas: object = {}): string[] {
  const described = Object.keys(values).map((name) =>
    readParameter({ name, in: 'path', schema: readOwn(schemas, name) ?? {} }),
  )
  const [checked] = compileOperations([{ ...probe, path, restPath: path, parameters: described }])
  return checked?.validate({ path: values, query: {}, header: {} }).map(({ location }) => location) ?? []
}

describe('nothing is dropped', () => {
  test.each([
    ['query.ids', { query: { ids: [] } }],
    ['query.joined', { query: { joined: [] } }],
    ['query.deep', { query: { deep: {} } }],
    ['query.deep', { query: { deep: { a: 'b', list: [] } } }],
    ['query.open', { query: { open: {} } }],
    ['header.X-Sizes', { header: { 'X-Sizes': [] } }],
    ['cookie.sizes', { cookie: { sizes: [] } }],
    ['cookie.colors', { cookie: { colors: {} } }],
  ])('%s of an empty list or object is refused', (place, input) => {
    expect(listPlaces(input)).toEqual([place])
  })

  test.each(['application/x-www-form-urlencoded', 'multipart/form-data'])(
    'a member of %s that is an empty list is refused',
    (type) => {
      expect(listPlaces({ body: { ids: [] } }, createBody(form, true, type))).toEqual(['body'])
      expect(listPlaces({ body: { ids: [1] } }, createBody(form, true, type))).toEqual([])
    },
  )

  test('a file whose Base64 was cut within a byte is refused', () => {
    const body = createBody(form, true, 'multipart/form-data')
    const send = (data: string) => listPlaces({ body: { scan: { data } } }, body)
    expect([send('UE5H'), send('UE5HUA=='), send('UE5HUA'), send('UE5HU')]).toEqual([[], [], [], ['body']])
  })
})

describe('nothing is changed', () => {
  test.each([
    ['application/x-www-form-urlencoded', form, { name: '\ud800' }],
    ['multipart/form-data', form, { name: '\ud800' }],
    ['multipart/form-data', form, { scan: { data: '', filename: '\ud800' } }],
    ['text/plain', { type: 'string' }, '\ud800'],
  ])('a lone surrogate in %s is refused', (type, schema, body) => {
    expect(listPlaces({ body }, createBody(schema, true, type))).toEqual(['body'])
  })
})

describe('nothing goes elsewhere', () => {
  test('a label that URL parsers take for .. is refused', () => {
    expect(listPlaces({ path: { id: ['.'] } })).toEqual(['path.id'])
    expect(listPlaces({ path: { id: ['..'] } })).toEqual([])
  })

  test.each([
    ['/wh/{w}x{h}', { w: '1x2', h: '3' }],
    ['/wh/{w}x{h}.png', { w: 'ax', h: 'b' }],
    ['/ab/{a}{b}', { a: '12', b: '3' }],
    ['/ab/{a}{b}', { a: 12, b: 3 }],
    ['/ab/{a}{b}', { a: 'ä', b: '3' }],
    ['/abc/{a}-{b}{c}', { a: 'x', b: '12', c: '3' }],
  ])('variables of one segment of %s that would be read as others than %j are refused', (path, values) => {
    expect(listPathPlaces(path, values)).toHaveLength(1)
  })

  test.each([
    ['/wh/{w}x{h}', { w: '1', h: '2x3' }],
    ['/wh/{w}x{h}', { w: 1, h: 2 }],
    ['/ab/{a}{b}', { a: '1', b: '23' }],
    ['/{a}-{b}', { a: 'x-y', b: 'z-1' }],
    ["/f(a='{a}',b='{b}')", { a: "o'b", b: "',b='" }],
    ['/{a}/{b}', { a: '12', b: '3' }],
  ])('those of %s that are read as %j are sent', (path, values) => {
    expect(listPathPlaces(path, values)).toEqual([])
  })

  test('where the texts of the second say where it begins, the first may have any', () => {
    const schemas = { extension: { enum: ['.json', '.xml'] } }
    const send = (page: string, extension: string) =>
      listPathPlaces('/{page}{extension}', { page, extension }, schemas)
    expect([send('a.b', '.json'), send('ab', '.xml'), send('a.json', '.json')]).toEqual([[], [], []])
  })

  test('an exploded object has no member with the name of a parameter beside it', () => {
    expect(listPlaces({ query: { open: { ids: 'x' } } })).toEqual(['query.open'])
    expect(listPlaces({ cookie: { colors: { sizes: 'x' } } })).toEqual(['cookie.colors'])
    expect(listPlaces({ query: { open: { other: 'x' } }, cookie: { colors: { other: 'x' } } })).toEqual([])
  })
})
