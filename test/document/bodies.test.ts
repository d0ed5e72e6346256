import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBody } from '../../src/document/body-reading.ts'
import { describeBody } from '../../src/document/body-schema.ts'
import { writeBody } from '../../src/document/body-writing.ts'
import { findMediaType, type MediaType, readContentTypes } from '../../src/document/media-types.ts'
import { createCompiler } from '../../src/document/schema-compiler.ts'
import { toJsonSchema } from '../../src/document/schema-reader.ts'
import { checkBodySpelling } from '../../src/document/spelling-check.ts'

function mediaTypeOf(type: string, schema: object = {}, encoding: object = {}): MediaType {
  const [only] = readContentTypes({ content: { [type]: { schema, encoding } } }, toJsonSchema)
  if (!only) throw new TypeError('no media type')
  return only
}
function fail(reason: string): never {
  throw new Error(reason)
}
const binary = { type: 'string', format: 'binary' }
const record = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    size: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
    at: { type: 'object', properties: { city: { type: 'string' } } },
    photo: binary,
  },
}
const text = fc.string({ unit: 'grapheme' }).filter((one) => one.isWellFormed() && !/[\r\n]/.test(one))
const values = fc.record({
  name: text,
  size: fc.maxSafeInteger(),
  tags: fc.array(text, { minLength: 1 }),
  at: fc.record({ city: text }),
})

describe('a body gives its value back', () => {
  test.each(['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'as %s',
    async (type) => {
      const mediaType = mediaTypeOf(type, record)
      await fc.assert(
        fc.asyncProperty(values, async (value) => {
          const { bytes, contentType } = writeBody(mediaType, value)
          expect(readBody(mediaType, Buffer.from(bytes), contentType)).toEqual(value)
        }),
      )
    },
  )
})

test('a multipart body has its files with their names and types, and equal bodies for equal values', async () => {
  const mediaType = mediaTypeOf('multipart/form-data', record, {
    name: { contentType: 'text/csv, text/plain' },
  })
  const photo = { data: 'aGVsbG8=', filename: 'a"b.png', contentType: 'image/png' }
  const written = writeBody(mediaType, { name: 'a,b', photo })
  expect(`${written.bytes}`.replaceAll(/calgate-\w+/g, 'X')).toBe(
    [
      '--X',
      'Content-Disposition: form-data; name="name"',
      'Content-Type: text/csv',
      '',
      'a,b',
      '--X',
      'Content-Disposition: form-data; name="photo"; filename="a%22b.png"',
      'Content-Type: image/png',
      '',
      'hello',
      '--X--',
      '',
    ].join('\r\n'),
  )
  expect(writeBody(mediaType, { name: 'a,b', photo })).toEqual(written)
  expect(readBody(mediaType, Buffer.from(written.bytes), written.contentType)).toEqual({
    name: 'a,b',
    photo: { data: '', filename: 'a"b.png', contentType: 'image/png' },
  })
})

test('a form follows the encoding of its members, and is read back by it', () => {
  const mediaType = mediaTypeOf('application/x-www-form-urlencoded', record, {
    tags: { style: 'pipeDelimited', explode: false },
    at: { style: 'deepObject' },
  })
  const value = { tags: ['a', 'b c'], at: { city: 'Oslo' }, size: 1 }
  const { bytes, contentType } = writeBody(mediaType, value)
  expect(bytes).toBe('tags=a%7Cb%20c&at[city]=Oslo&size=1')
  expect(readBody(mediaType, Buffer.from('at%5Bcity%5D=Oslo&size=1&tags=a|b+c'), contentType)).toEqual({
    ...value,
    tags: ['a', 'b c'],
  })
  expect(readBody(mediaType, Buffer.from(bytes), contentType)).toEqual(value)
  expect(() => readBody(mediaType, Buffer.from('tags=a&tags=b&at[city]=1'), contentType)).toThrow(
    'body.tags stands more than once; give it one value',
  )
})

test.each([
  ['tags=%5Bdraft%5D', { tags: ['[draft]'] }],
  ['tags=%5Bdraft&tags=b', { tags: ['[draft', 'b'] }],
  ['tags=%5B1,true%5D', { tags: ['[1,true]'] }],
  ['tags=%5B%22a%22,%22b%22%5D', { tags: ['["a","b"]'] }],
  ['tags=%5B%5D', { tags: ['[]'] }],
  ['sizes=1&sizes=2', { sizes: [1, 2] }],
  ['sizes=%5B1,2%5D', { sizes: ['[1,2]'] }],
  ['places=%5B%7B%22a%22:1%7D%5D', { places: [{ a: 1 }] }],
  ['places=%7B%22a%22:1%7D', { places: [{ a: 1 }] }],
  ['sizes=%5B1.5%5D', { sizes: ['[1.5]'] }],
  ['lists=%5B%5B1%5D%5D', { lists: [[[1]]] }],
  ['lists=%5B1%5D', { lists: [[1]] }],
  ['any=%5B1,%22a%22%5D', { any: ['[1,"a"]'] }],
])('the form %s is read as the API reads its lists, which gets it as it came', (body, value) => {
  const list = (items: object) => ({ type: 'array', items })
  const sizes = list({ type: 'integer' })
  const places = list({ type: 'object' })
  const properties = { tags: list({ type: 'string' }), sizes, lists: list(sizes), any: list({}), places }
  const mediaType = mediaTypeOf('application/x-www-form-urlencoded', { type: 'object', properties })
  expect(readBody(mediaType, Buffer.from(body), mediaType.name)).toEqual(value)
})

test.each([
  ['safe=%3Cscript%3E%ff', 'body.safe must be percent-encoded UTF-8'],
  ['safe=%C3', 'body.safe must be percent-encoded UTF-8'],
  ['a=1&safe=100%', 'body.safe must be percent-encoded UTF-8'],
  ['role%ff=admin', 'body["role%ff"] must be percent-encoded UTF-8'],
  ['%ff&a=%ff&a=%fe', 'body["%ff"] must be percent-encoded UTF-8; body.a must be percent-encoded UTF-8'],
  ['tags=a%7C%ff', 'body.tags must be percent-encoded UTF-8'],
  [Buffer.from('safe=\xe9', 'latin1'), 'body must be UTF-8'],
  [Buffer.from('safe=%C3\xa9', 'latin1'), 'body must be UTF-8'],
])('a form is refused of which a name or value is no UTF-8: %s', (body, detail) => {
  const encoding = { tags: { style: 'pipeDelimited', explode: false } }
  const properties = { tags: { type: 'array' }, safe: { type: 'string' } }
  const mediaType = mediaTypeOf('application/x-www-form-urlencoded', { properties }, encoding)
  expect(() => readBody(mediaType, Buffer.from(body), mediaType.name)).toThrow(detail)
})

test('a form has its characters, percent-encoded or not', () => {
  const mediaType = mediaTypeOf('application/x-www-form-urlencoded')
  expect(readBody(mediaType, Buffer.from('ä=é&b=%C3%A9+%2B'), mediaType.name)).toEqual({ ä: 'é', b: 'é +' })
})

test.each(['text/plain', 'application/xml', 'text/*'])('a text of %s that is no UTF-8 is refused', (type) => {
  const latin = Buffer.from('\xe9', 'latin1')
  expect(() => readBody(mediaTypeOf(type, { type: 'string' }), latin, type)).toThrow('body must be UTF-8')
  // OpenAPI 3.0's `format: binary` of a body is no schema in 3.1, and without one nothing is checked.
  for (const unread of [binary, { type: 'object' }, {}, { description: 'A table', examples: ['a'] }])
    expect(readBody(mediaTypeOf(type, unread), latin, type)).toBe('\ufffd')
})

test.each([
  ['text/plain', 'ä', 'text/plain', 'ä'],
  ['image/*', { data: 'aGVsbG8=', contentType: 'image/png' }, 'image/png', 'hello'],
  ['image/png', { data: 'aGVsbG8=', contentType: 'image/gif' }, 'image/png', 'hello'],
  ['application/octet-stream', { data: '' }, 'application/octet-stream', ''],
  ['*/*', [1], 'application/json', '[1]'],
  ['text/*', 'a', 'text/plain', 'a'],
  ['Application/JSON;charset=utf-8; version=2', [1], 'application/json; version=2', '[1]'],
  [
    'application/a+json;ext="https://a/;b \\";c";',
    [1],
    'application/a+json; ext="https://a/;b \\";c"',
    '[1]',
  ],
])('as %s %j is written as it is', (type, value, contentType, bytes) => {
  const written = writeBody(mediaTypeOf(type), value)
  expect([written.contentType, `${written.bytes}`]).toEqual([contentType, bytes])
})

test('the type of a request chooses among those of the document, ranges last', () => {
  const content = ['image/*', 'image/png', '*/*', 'application/json'].map((type) => mediaTypeOf(type))
  const find = (type: string) => findMediaType(content, type)?.type
  expect(['Image/PNG; a=b', 'image/gif', 'text/plain', 'application/json'].map(find)).toEqual([
    'image/png',
    'image/*',
    '*/*',
    'application/json',
  ])
  expect(findMediaType(content.slice(3), 'text/plain')).toBeUndefined()
  const versions = ['1', '2'].map((one) => mediaTypeOf(`application/json; version=${one}`))
  const types = [
    'application/json',
    'Application/Json;Version="2";charset=utf-8',
    'application/json; version=3',
  ]
  expect(types.map((type) => findMediaType(versions, type))).toEqual([versions[0], versions[1], versions[0]])
})

test('the order of the parameters of a type says nothing', () => {
  const content = ['', '; a=1; b="2;3"'].map((one) => mediaTypeOf(`application/json${one}`))
  const types = ['application/json; b="2;3"; a=1', 'application/json; a=1; b="2"', 'application/json;;']
  expect(types.map((type) => findMediaType(content, type))).toEqual([content[1], content[0], content[0]])
})

test('bytes within a form are described as files, also in a list', () => {
  const schema = { ...record, properties: { ...record.properties, more: { type: 'array', items: binary } } }
  expect(describeBody(mediaTypeOf('multipart/form-data', schema))).toMatchObject({
    properties: {
      name: { type: 'string' },
      photo: { required: ['data'] },
      more: { type: 'array', items: { required: ['data'] } },
    },
  })
  expect(describeBody(mediaTypeOf('application/pdf', binary))).toMatchObject({ required: ['data'] })
})

describe('a form whose schema is composed of others', () => {
  const note = { type: 'object', properties: { note: { type: 'string' } } }
  const upload = { type: 'object', properties: { file: { allOf: [{ $ref: '#/$defs/File' }] } } }
  const composed = {
    'by allOf': { allOf: [note, upload] },
    'by oneOf': { oneOf: [{ required: ['url'] }, { ...upload, required: ['file'] }] },
    'by anyOf': { anyOf: [note, { anyOf: [upload] }] },
    'by a reference and what stands beside it': { $ref: '#/$defs/Form', properties: note.properties },
    'of members without a name': { additionalProperties: binary },
    'with a file or a list of files': {
      properties: { file: { anyOf: [binary, { type: 'array', items: binary }] } },
    },
    'with a file or a text': { properties: { file: { oneOf: [binary, { type: 'string' }] } } },
  }
  const $defs = { File: binary, Form: upload, Loop: { allOf: [upload, { $ref: '#/$defs/Loop' }] } }
  const form = (schema: object, encoding?: object, type = 'multipart/form-data'): MediaType => ({
    ...mediaTypeOf(type, {}, encoding),
    schema: { ...schema, $defs },
  })
  const check = (mediaType: MediaType, value: unknown) =>
    createCompiler(fail)(describeBody(mediaType))?.(value)

  test.each(Object.entries(composed))('takes files: %s', async (_, schema) => {
    const mediaType = form(schema)
    const { bytes, contentType } = writeBody(mediaType, { file: { data: 'aGVsbG8=', filename: 'a.json' } })
    expect(`${bytes}`).toContain('filename="a.json"\r\nContent-Type: application/octet-stream\r\n\r\nhello')
    const value = readBody(mediaType, Buffer.from(bytes), contentType)
    expect(value).toMatchObject({ file: { data: '', filename: 'a.json' } })
    for (const one of [value, { file: { data: 'aGVsbG8=' } }]) expect(check(mediaType, one)).toBe(true)
  })

  test('ends where the schema leads back to itself', () => {
    const loop = { allOf: [{ $ref: '#/$defs/Loop' }] }
    const encoding = { ids: { style: 'form', explode: false } }
    expect(describeBody(form(loop))).toMatchObject({
      allOf: [{ $ref: '#/$defs/Loop:form' }],
      $defs: { 'Loop:form': { allOf: [{ properties: {} }, { $ref: '#/$defs/Loop:form' }] } },
    })
    const mediaType = form(loop, encoding, 'application/x-www-form-urlencoded')
    expect(readBody(mediaType, Buffer.from('ids=1'), mediaType.type)).toEqual({ ids: '1' })
  })

  test('ends where a file is in a list of such lists', () => {
    const choice = { anyOf: [binary, { type: 'array', items: { $ref: '#/$defs/Files' } }] }
    const mediaType = mediaTypeOf('multipart/form-data')
    const schema = { properties: { file: { $ref: '#/$defs/Files' } }, $defs: { Files: choice } }
    const file = { data: 'aGk=' }
    for (const [value, isRight] of [
      [file, true],
      [[file, [file]], true],
      [[file, ['hi']], false],
    ] as const)
      expect(check({ ...mediaType, schema }, { file: value })).toBe(isRight)
  })

  test('has each of its parts once, however often they are referred to', () => {
    const measure = (depth: number) => {
      const twice = (n: number) => ({ allOf: Array.from({ length: 2 }, () => ({ $ref: `#/$defs/L${n}` })) })
      const levels = Array.from({ length: depth }, (_, n) => [`L${n}`, twice(n + 1)])
      const schema = {
        ...twice(0),
        $defs: { ...Object.fromEntries(levels), [`L${depth}`]: upload, File: binary },
      }
      return JSON.stringify(describeBody({ ...mediaTypeOf('multipart/form-data'), schema })).length
    }
    expect(measure(12)).toBeLessThan(3 * measure(6))
  })

  test('is read in steps in proportion to its parts, however often they are referred to', () => {
    const countSteps = (depth: number) => {
      let steps = 0
      const get = (of: object, name: string): unknown => {
        steps += 1
        return Reflect.get(of, name)
      }
      const twice = (n: number) => ({ allOf: Array.from({ length: 2 }, () => ({ $ref: `#/$defs/L${n}` })) })
      const levels = Array.from({ length: depth }, (_, n) => [`L${n}`, twice(n + 1)])
      const last = { properties: { ids: { type: 'array', items: { type: 'integer' } } } }
      const all = { ...Object.fromEntries(levels), [`L${depth}`]: last }
      const encoding = { ids: { style: 'form', explode: false } }
      const mediaType = mediaTypeOf('application/x-www-form-urlencoded', {}, encoding)
      const schema = { ...twice(0), $defs: new Proxy(all, { get }) }
      expect(readBody({ ...mediaType, schema }, Buffer.from('ids=1,2'), mediaType.type)).toEqual({
        ids: [1, 2],
      })
      return steps
    }
    expect(countSteps(12)).toBeLessThan(3 * countSteps(6))
  })

  test('takes lists of files, and texts where they may be instead', async () => {
    const write = (schema: object, value: unknown) => writeBody(form(schema), value)
    for (const [schema, value, read] of [
      [
        composed['with a file or a list of files'],
        [{ data: '' }, { data: '' }],
        [{ data: '' }, { data: '' }],
      ],
      [composed['with a file or a text'], 'https://example.com', 'https://example.com'],
    ] as const) {
      const { bytes, contentType } = write(schema, { file: value })
      const body = readBody(form(schema), Buffer.from(bytes), contentType)
      expect(body).toMatchObject({ file: read })
      expect(check(form(schema), body)).toBe(true)
    }
  })

  test('has the styles of its encoding', () => {
    const ids = { type: 'object', properties: { ids: { type: 'array', items: { type: 'integer' } } } }
    const encoding = { ids: { style: 'form', explode: false } }
    for (const schema of [ids, { allOf: [note, ids] }, { oneOf: [note, ids] }, { anyOf: [{ allOf: [ids] }] }])
      for (const raw of ['ids=1,2', 'ids=1%2C2']) {
        const mediaType = form(schema, encoding, 'application/x-www-form-urlencoded')
        expect(readBody(mediaType, Buffer.from(raw), mediaType.type)).toEqual({ ids: [1, 2] })
      }
  })
})

test('a part that is no file is read as its schema says, with a file name or without', async () => {
  const encoding = { xml: { contentType: 'application/xml' } }
  const properties = { xml: { type: 'string' }, size: { type: 'integer' }, any: {} }
  const mediaType = mediaTypeOf('multipart/form-data', { type: 'object', properties }, encoding)
  const body = new FormData()
  body.set('xml', new Blob(['<a/>'], { type: 'application/xml' }))
  body.set('size', new Blob(['7'], { type: 'text/plain' }))
  body.set('any', new Blob(['x']))
  const sent = new Response(body)
  const bytes = Buffer.from(await sent.clone().arrayBuffer())
  expect(readBody(mediaType, bytes, sent.headers.get('content-type') ?? '')).toEqual({
    xml: '<a/>',
    size: 7,
    any: { data: '', filename: 'blob', contentType: 'application/octet-stream' },
  })
})

test('an object with a member called data is JSON where no file may be', async () => {
  const mediaType = mediaTypeOf('multipart/form-data', {
    properties: { at: { type: 'object', properties: { data: { type: 'string' } } } },
  })
  const { bytes, contentType } = writeBody(mediaType, { at: { data: 'aGk=' } })
  expect(readBody(mediaType, Buffer.from(bytes), contentType)).toEqual({ at: { data: 'aGk=' } })
})

test.each(['a/b\r\nContent-Disposition: form-data; name="role"', 'a/b\n', 'a/b\0', 'ä/b'])(
  'a part has the headers that are written for it alone, and the type %j is none',
  (contentType) => {
    const mediaType = mediaTypeOf('multipart/form-data', { properties: { any: {} } })
    expect(checkBodySpelling(mediaType, { any: { data: 'aGk=', contentType } })).toEqual([
      { location: 'body', rule: 'multipart', message: 'must have content types that a header can carry' },
    ])
    const any = { data: 'aGk=', filename: contentType, contentType: 'text/plain; charset=utf-8' }
    const { bytes } = writeBody(mediaType, { [contentType]: any })
    expect(`${bytes}`.split('\r\n\r\n')[0]?.split(/\r|\n/)).toHaveLength(5)
  },
)

describe('a multipart form', () => {
  const properties = {
    s: { type: 'string', pattern: '^[a-z]*$' },
    j: { type: 'object' },
    scan: binary,
  }
  const mediaType = mediaTypeOf('multipart/form-data', { type: 'object', properties })
  const read = (body: string, contentType = 'multipart/form-data; boundary=B') =>
    readBody(mediaType, Buffer.from(body, 'latin1'), contentType)
  const frame = (head: string, text = 'abc', boundary = 'B') =>
    `--${boundary}\r\n${head}\r\n\r\n${text}\r\n--${boundary}--\r\n`
  const disposition = 'Content-Disposition: form-data'
  const once = 'must have each header of a part, and each parameter of a header, once'
  const whole = 'must be a whole multipart form'
  const oneName = 'must have one name for each part'

  test.each([
    [`${disposition}; name="s"; name="q"`, once],
    [`${disposition}; name="q"; NAME=s`, once],
    [`${disposition}; name="q"; filename="x"; name="s"`, once],
    [`${disposition}; name="scan"; filename="x"; filename="y"`, once],
    [`${disposition}; name="s"\r\n${disposition}; name="q"`, once],
    [`${disposition.toLowerCase()}; name="q"\r\n${disposition}; name="s"`, once],
    [`${disposition}; name="scan"; filename=x\r\nContent-Type: a/b\r\ncontent-type: c/d`, once],
    [`${disposition}; name="q"; name*=utf-8''s`, oneName],
    [`${disposition}; name*=utf-8''s`, oneName],
    [`${disposition}; filename="s"`, oneName],
    ['Content-Disposition: attachment; name="s"', oneName],
    ['Content-Type: text/plain', oneName],
    [`${disposition}; name="q\\"; name="s"`, whole],
    [`${disposition}; name="q" name="s"`, whole],
    [`${disposition};\r\n name="s"`, whole],
    [`${disposition}; name="s"\nContent-Type: text/plain`, whole],
    [`Content-Disposition : form-data; name="s"`, whole],
    [`${disposition}; name="\xff"`, 'must have names in UTF-8'],
  ])('has one name for each part: %j', (head, message) => {
    expect(() => read(frame(head))).toThrow(`body ${message}`)
  })

  test.each([
    ['', ''],
    ['\r\n', '\r\n'],
  ])('may have an empty line around it', (before, after) => {
    expect(read(before + frame(`${disposition}; name="s"`) + after)).toEqual({ s: 'abc' })
  })

  test.each([
    [`x\r\n${frame(`${disposition}; name="s"`)}`],
    [`${frame(`${disposition}; name="s"`)}${frame(`${disposition}; name="s"`, 'ABC')}`],
    [frame(`${disposition}; name="s"`, 'abc--B\r\n')],
    [frame(`${disposition}; name="s"`, 'abc\n--B\r\n')],
    [frame(`${disposition}; name="s"`).replace('--B--', '--B')],
    [`--B\r\n--B--`],
    ['--B\r\n\r\nabc\r\n--B--'],
    ['--A--'],
    [''],
  ])('is one form and nothing else: %j', (body) => {
    expect(() => read(body)).toThrow(`body ${whole}`)
  })

  test.each([
    ['multipart/form-data; boundary=A; boundary=B', once],
    ['multipart/form-data; boundary=B; Boundary=A', once],
    ['multipart/form-data; boundary="B" boundary=A', whole],
    ['multipart/form-data', 'must have a boundary in its content type'],
    ['multipart/form-data; boundary=""', 'must have a boundary in its content type'],
  ])('has one boundary: %s', (contentType, message) => {
    const both = frame(`${disposition}; name="s"`) + frame(`${disposition}; name="s"`, 'ABC', 'A')
    expect(() => read(both, contentType)).toThrow(`body ${message}`)
  })

  test.each([
    ['Content-Type: text/plain; charset=utf-16le', 'ab'],
    ['Content-Type: text/plain; charset=utf-7', '+ADw-'],
    ['Content-Type: text/plain; charset=utf-8; charset=utf-7', 'abc'],
    ['Content-Type: text/plain; charset=iso-8859-1', '\xe9'],
    ['Content-Type: text/plain; charset=us-ascii', '\xc3\xa9'],
    ['Content-Transfer-Encoding: base64', 'abcd'],
    ['Content-Transfer-Encoding: quoted-printable', 'abc'],
    ['Content-Type: multipart/mixed; boundary=C', 'abc'],
    ['X-Nothing: a', '\xff'],
  ])('has texts and JSON in UTF-8: %s, %j', (header, text) => {
    for (const name of ['s', 'j', 's"; filename="a'])
      expect(() => read(frame(`${disposition}; name="${name}"\r\n${header}`, text))).toThrow(/^body/)
    const file = `${disposition}; name="scan"; filename="a"\r\n${header}`
    if (!header.includes('charset=utf-8')) expect(read(frame(file, text))).toHaveProperty('scan.data', '')
  })

  test.each([
    [`${disposition}; name=s`, 'abc', { s: 'abc' }],
    [`${disposition} ; name="s";`, 'abc', { s: 'abc' }],
    [`content-disposition:form-data;NAME="s"`, 'abc', { s: 'abc' }],
    [`${disposition}; name="%73%22%0A"`, '', { '%73"\n': '' }],
    [`${disposition}; name="q; name=s"`, 'abc', { 'q; name=s': 'abc' }],
    [`${disposition}; name="\xc3\xa9"`, '\xc3\xa9', { é: 'é' }],
    [`${disposition}; name="s"\r\nContent-Type: text/plain; charset="UTF-8"`, '\xc3\xa9', { s: 'é' }],
    [`${disposition}; name="s"\r\nContent-Type: text/plain; charset=ISO-8859-1`, 'abc', { s: 'abc' }],
    [`${disposition}; name="s"\r\nContent-Transfer-Encoding: 8bit`, 'a\r\n\r\nb', { s: 'a\r\n\r\nb' }],
    [`${disposition}; name="j"\r\nContent-Type: application/json`, '{"a":1}', { j: { a: 1 } }],
    [
      `${disposition}; name="scan"; filename="\xc3\xa9"; filename*=utf-8''%C3%A9`,
      '\xff',
      { scan: { data: '', filename: 'é', contentType: 'text/plain' } },
    ],
    [
      `${disposition}; name="scan"; filename="C:\\a.png"\r\nContent-Type: Image/PNG; q=1`,
      '\xff',
      { scan: { data: '', filename: 'C:\\a.png', contentType: 'image/png' } },
    ],
    [
      `${disposition}; name="scan"; filename="a"\r\nContent-Type: image/png ; q=1`,
      '\xff',
      { scan: { data: '', filename: 'a', contentType: 'image/png' } },
    ],
    [
      `${disposition}; name="scan"; filename="a"\r\nContent-Type: `,
      '\xff',
      { scan: { data: '', filename: 'a', contentType: 'text/plain' } },
    ],
  ])('is read as clients write it: %j', (head, text, value) => {
    expect(read(frame(head, text))).toEqual(value)
  })

  test('is read in a time in proportion to its length', () => {
    const long = ' '.repeat(300_000)
    for (const head of [
      `a:${long}\r`,
      `${disposition};${long}x`,
      `${disposition}; name="${'\\'.repeat(300_000)}`,
    ])
      expect(() => read(frame(head))).toThrow(/^body/)
  }, 2_000)
})

describe('a body of many members', () => {
  const read = (type: string, body: string, encoding?: object, schema: object = { type: 'object' }) =>
    readBody(mediaTypeOf(type, schema, encoding), Buffer.from(body), `${type}; boundary=B`)
  const write = (count: number, name: (index: number) => string) =>
    `${Array.from({ length: count }, (_, n) => `--B\r\nContent-Disposition: form-data; name="${name(n)}"\r\n\r\n1\r\n`).join('')}--B--\r\n`

  test('is read in a time in proportion to its length', () => {
    const pairs = Array.from({ length: 20_000 }, (_, n) => `a${n}=1`).join('&')
    expect(Object.keys(read('application/x-www-form-urlencoded', pairs) as object)).toHaveLength(20_000)
  }, 2_000)

  test.each([
    ['form', 'array', 'a=1&'.repeat(20_000)],
    ['deepObject', 'object', Array.from({ length: 20_000 }, (_, n) => `a[${n}x]=1`).join('&')],
    ['deepObject', 'array', `a${'[]'.repeat(512)}=1&`.repeat(200)],
  ])(
    'is read so where its encoding names the style %s of an %s',
    (style, type, body) => {
      const schema = { properties: { a: { type } } }
      const value = read('application/x-www-form-urlencoded', body, { a: { style } }, schema)
      expect(value).toHaveProperty('a')
    },
    5_000,
  )

  test('nests 512 levels at most in style deepObject', () => {
    const nest = (levels: number) =>
      read('application/x-www-form-urlencoded', `a${'[b]'.repeat(levels)}=1`, { a: { style: 'deepObject' } })
    expect(nest(512)).toHaveProperty('a.b.b.b')
    for (const levels of [513, 50_000]) expect(() => nest(levels)).toThrow('must nest at most 512 levels')
  })

  test.each([
    ['one name', () => 'a'],
    ['many names', (n: number) => `a${n}`],
  ])('has 2,000 parts at most: %s', (_, name) => {
    expect(read('multipart/form-data', write(2_000, name))).toBeTypeOf('object')
    expect(() => read('multipart/form-data', write(2_001, name))).toThrow('at most 2000 parts')
  })

  test('nests 512 levels at most', () => {
    const nest = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
    expect(read('application/json', nest(512))).toBeInstanceOf(Array)
    expect(() => read('application/json', nest(513))).toThrow('deeper than 512 levels')
  })
})

test('a list of a form whose encoding is JSON is one JSON text, and may still be its name repeated', () => {
  const schema = {
    type: 'object',
    properties: {
      ids: { type: 'array', items: { type: 'integer' } },
      tags: { type: 'array', items: { type: 'string' } },
    },
  }
  const encoding = {
    ids: { contentType: 'application/json' },
    tags: { contentType: 'application/json; charset=utf-8' },
  }
  const mediaType = mediaTypeOf('application/x-www-form-urlencoded', schema, encoding)
  const value = { ids: [1, 2], tags: ['a,b', '[c]'] }
  const { bytes, contentType } = writeBody(mediaType, value)
  expect(bytes).toBe('ids=%5B1%2C2%5D&tags=%5B%22a%2Cb%22%2C%22%5Bc%5D%22%5D')
  expect(readBody(mediaType, Buffer.from(bytes), contentType)).toEqual(value)
  const repeated = readBody(mediaType, Buffer.from('ids=1&ids=2&tags=a&tags=b'), contentType)
  expect(repeated).toEqual({ ids: [1, 2], tags: ['a', 'b'] })
})
