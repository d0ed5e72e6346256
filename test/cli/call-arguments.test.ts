import { expect, test } from 'vitest'
import { readCallArguments } from '../../src/cli/call-arguments.ts'
import { runCommand } from './run-command.ts'

const text = { type: 'string' }
const schema = {
  properties: {
    id: { type: 'integer' },
    'a.b': text,
    body: { type: 'object', properties: { name: text, owner: { type: 'object', properties: { age: {} } } } },
    tags: { type: 'array' },
    any: {},
    nickname: { type: ['string', 'null'] },
    size: { anyOf: [{ type: 'integer' }, text, { type: 'boolean' }] },
    either: { oneOf: [{ type: 'object' }, {}] },
    size1: { enum: ['1', '2'] },
    one: { const: '1' },
    all: { allOf: [{ maxLength: 3 }, text] },
    named: { anyOf: [{ $ref: '#/$defs/Name' }, { type: 'null' }] },
    mixed: { enum: ['1', 2] },
    lists: { anyOf: [{ type: 'array' }, { type: 'null' }] },
  },
  $defs: { Name: text },
}

test.each([
  [['id=1', 'any={"a":1}', 'tags=["x"]'], { id: 1, any: { a: 1 }, tags: ['x'] }],
  [['body.name=1', 'body.owner.age=7'], { body: { name: '1', owner: { age: 7 } } }],
  [['body={"name":"A"}', 'body.owner={}'], { body: { name: 'A', owner: {} } }],
  [['a.b=c', 'x.y=1'], { 'a.b': 'c', 'x.y': 1 }],
  [['nickname=42', 'either=42'], { nickname: '42', either: 42 }],
  [['nickname=true', 'size=true'], { nickname: 'true', size: true }],
  [['nickname=null', 'size=null'], { nickname: null, size: 'null' }],
  [['nickname={"a":1}', 'size=42'], { nickname: '{"a":1}', size: 42 }],
  [['nickname="A"', 'size=4 m'], { nickname: '"A"', size: '4 m' }],
  [['lists=[1]', 'either={broken'], { lists: [1], either: '{broken' }],
  [['any={broken', 'id=0x10'], { any: '{broken', id: '0x10' }],
  [
    ['size1=1', 'one=1', 'all=1', 'named=1', 'mixed=2'],
    { size1: '1', one: '1', all: '1', named: '1', mixed: 2 },
  ],
  [['__proto__=1'], JSON.parse('{"__proto__":1}')],
])('%j are arguments', (texts, values) => {
  expect(readCallArguments(schema, texts)).toEqual(values)
})

const digits = { zip: '12345' }
const owner = { properties: { zip: text } }
const composed: [string, unknown, unknown?][] = [
  ['allOf', { allOf: [{ properties: { name: text } }, owner] }],
  ['allOf of which one part only narrows', { allOf: [owner, { properties: { zip: { maxLength: 5 } } }] }],
  ['a parent that may be null', { anyOf: [{ type: 'object', ...owner }, { type: 'null' }] }],
  ['oneOf', { oneOf: [{ properties: { other: text } }, owner] }],
  ['a reference', { $ref: '#/$defs/Owner' }],
  ['a reference within allOf', { allOf: [{ $ref: '#/$defs/Owner' }] }],
  ['a recursive reference', { $ref: '#/$defs/Node' }],
  ['members without a name', { type: 'object', additionalProperties: text }],
  ['a member that is a reference', { properties: { zip: { $ref: '#/$defs/Zip' } } }],
]

test.each(composed)('a text member behind %s stays a text', (_, body) => {
  const node = {
    allOf: [{ $ref: '#/$defs/Node' }],
    properties: { ...owner.properties, node: { $ref: '#/$defs/Node' } },
  }
  const root = { properties: { body }, $defs: { Owner: owner, Zip: text, Node: node } }
  expect(readCallArguments(root, ['body.zip=12345'])).toEqual({ body: digits })
  const deep = { properties: { body: { properties: { owner: body } } }, $defs: root.$defs }
  expect(readCallArguments(deep, ['body.owner.zip=12345'])).toEqual({ body: { owner: digits } })
})

test('a member that is a text or a number is read as what it looks like', () => {
  const either = { anyOf: [owner, { properties: { zip: { type: 'integer' } } }] }
  expect(readCallArguments({ properties: { body: either } }, ['body.zip=12345'])).toEqual({
    body: { zip: 12345 },
  })
})

test.each([
  [['id=1', 'id=2'], 'id is given twice'],
  [['body={"name":"A"}', 'body.name=B'], 'body.name is given twice'],
  [['body.name=A', 'body={}'], 'body is given twice'],
  [['body={name'], 'body takes JSON, and this is none'],
  [['body={"a":1,"a":2}'], 'body is not acceptable JSON: the key "a" stands twice in one object.'],
  [['any={"a":[{"b":1,"b":2}]}'], 'any is not acceptable JSON: the key "b" stands twice'],
  [['tags=a,b'], 'tags takes JSON, and this is none'],
  [['4711'], 'arguments are key=value, not "4711"'],
])('%j are refused', (texts, message) => {
  expect(() => readCallArguments(schema, texts)).toThrow(message)
})

test('a number keeps its digits', () => {
  const values = readCallArguments(schema, ['any={"a":9007199254740993}'])
  expect(JSON.stringify(values)).toBe('{"any":{"a":9007199254740993}}')
})

test('members of a body are given one by one, as the refusal of a call says', async () => {
  const flat = await runCommand('call', 'create-managed-user', 'email=a@example.org', '--mock')
  expect(flat.stderr).toContain('give it as body.email')
  const call = ['create-managed-user', 'body.email=a@example.org', 'body.name=A'] as const
  expect(await runCommand('call', ...call, '--mock')).toMatchObject({ code: 0, stderr: '' })
})
