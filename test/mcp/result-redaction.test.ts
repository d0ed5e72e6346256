import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../src/document/json-schema.ts'
import { selectDescribed } from '../../src/mcp/result-redaction.ts'
import { omitSecrets } from '../../src/mcp/schema-redaction.ts'

const secret = 'opaque-secret'
const password = { type: 'string', format: 'password' }
const text = { type: 'string' }
const object = (properties: JsonSchema, more: JsonSchema = {}) => ({ type: 'object', properties, ...more })
const nothing = { type: 'null' }
const ref = (name: string) => ({ $ref: `#/$defs/${name}` })
const user = object({ name: text })
/** About a secret, though it is none. */
const aside = { type: 'string', 'x-secret': true }
const tokens = object({ user, token: password, expires: aside })
const node = object({ name: user, token: password, child: ref('Node') })

/** What is told of a value by a schema, or that nothing would be. */
function tell(schema: JsonSchema, value: unknown): unknown {
  const visible = omitSecrets(schema)
  return visible ? selectDescribed(visible)(value).value : 'nothing'
}

const heir = (properties: JsonSchema) => ({ allOf: [ref('Pet'), object(properties)] })
const pets = {
  Pet: object({ kind: text, friend: ref('Pet') }, { oneOf: [ref('Cat'), ref('Dog')] }),
  Cat: heir({ claws: { type: 'integer' } }),
  Dog: heir({ bark: text }),
}
const cat = { kind: 'cat', claws: 1 }

const whole = { state: 'ok', user: { name: 'Ada' }, token: secret, expires: 'soon', more: secret }
const told = { user: { name: 'Ada' } }

const hasToken = object({ token: password })
/** A schema with a keyword that a literal must not name. */
const under = (keyword: string, schema: JsonSchema) => ({ [keyword]: schema })
const conditions: [string, JsonSchema][] = [
  ['if', { if: hasToken }],
  ['then', { if: object({ expires: text }), ...under('then', hasToken) }],
  ['else', { if: object({ expires: text }), else: hasToken }],
  ['dependentSchemas', { dependentSchemas: { expires: hasToken } }],
  [
    'joined members of other names',
    { allOf: [object({ user, expires: text }, { additionalProperties: password })] },
  ],
  [
    'other names of a choice',
    under('then', object({ user, expires: text }, { unevaluatedProperties: password })),
  ],
]
const elements: [string, JsonSchema][] = [
  ['prefixItems', { prefixItems: [password] }],
  ['contains', { contains: password }],
  ['unevaluatedItems', { allOf: [{ unevaluatedItems: password }] }],
]

const id = object({ id: text })
const map = (member: JsonSchema) => ({ type: 'object', additionalProperties: member })
const list = (items: JsonSchema) => ({ type: 'array', items })
/** Values that are an object, a list or null by their schemas. */
const mistyped: [string, JsonSchema][] = [
  ['an object or null', object({ id: text }, { type: ['object', 'null'] })],
  ['a list or null', { ...list(object({ id: text })), type: ['array', 'null'] }],
  ['null', nothing],
  [
    'a choice of an object or null, beside a secret',
    { oneOf: [{ ...id, type: ['object', 'null'] }, password] },
  ],
  ['a choice of an object and null', { oneOf: [id, nothing] }],
  ['an object or a text, beside a secret', { anyOf: [{ ...id, type: ['object', 'string'] }, password] }],
]
const held = { Held: { allOf: [object({ token: password })] } }
/** Choices of which one is a secret, or holds some, with a value of it. */
const alternatives: [string, JsonSchema, unknown, object][] = [
  ['a map', { oneOf: [map(text), list(password)] }, [secret], { list: [] }],
  [
    'a map, as a map',
    { oneOf: [map(text), list(password)] },
    { a: 'x' },
    { data: { a: 'x' }, list: [{ a: 'x' }] },
  ],
  ['a list', { oneOf: [list(text), map(password)] }, { a: secret }, { list: [] }],
  ['a list, as a list', { oneOf: [list(text), map(password)] }, ['x'], { data: ['x'], list: [['x']] }],
  ['an object', { oneOf: [id, list(password)] }, [secret], { list: [] }],
  [
    'a list beside an undescribed map',
    { anyOf: [password, { type: 'array' }], unevaluatedProperties: text },
    secret,
    { list: [] },
  ],
  [
    'an object, in what a reference joins',
    { ...ref('Held'), allOf: [object({ id: text, token: text })] },
    { id: 'a', token: secret },
    { data: { id: 'a' }, list: [{ id: 'a' }] },
  ],
]

describe('a secret is redacted', () => {
  it.each<[string, JsonSchema, unknown, unknown]>([
    ['of members', tokens, whole, told],
    ['of what is joined', { allOf: [tokens] }, whole, told],
    ['of what is joined beside members', object({ more: user }, { allOf: [tokens] }), whole, { ...told }],
    ['of what is joined twice', { allOf: [{ allOf: [tokens] }, object({ more: user })] }, whole, told],
    ['of a choice', { oneOf: [tokens, nothing] }, whole, told],
    [
      'of a choice beside members',
      object({ state: text }, { anyOf: [tokens] }),
      whole,
      { state: 'ok', ...told },
    ],
    [
      'of a choice in what is joined',
      { allOf: [object({ state: text }), { oneOf: [tokens] }] },
      whole,
      { state: 'ok', ...told },
    ],
    ['of elements beside members', { items: text, ...tokens }, whole, told],
    ['of elements', { type: 'array', items: { allOf: [tokens] } }, [whole, whole], [told, told]],
    ['that may be null', object({ user, token: { anyOf: [password, nothing] } }), whole, told],
    ['that is joined with its description', object({ user, token: { allOf: [password] } }), whole, told],
    [
      'that is a plain value of another choice',
      { oneOf: [object({ user, more: text, token: text }), object({ user, token: password })] },
      { user: { name: 'Ada' }, token: secret, more: 'x' },
      { ...told, more: 'x' },
    ],
    ...mistyped.map(([what, schema]): [string, JsonSchema, unknown, unknown] => [
      `sent in the place of ${what}`,
      object({ user, session: schema, sessions: list(schema) }),
      { user: { name: 'Ada' }, session: secret, sessions: [secret] },
      { user: { name: 'Ada' }, sessions: [] },
    ]),
    ...alternatives.map(([what, schema, more, expected]): [string, JsonSchema, unknown, unknown] => [
      `that may be instead of ${what}`,
      object({ user, data: schema, list: list(schema) }, { $defs: held }),
      { user: { name: 'Ada' }, data: more, list: [more] },
      { user: { name: 'Ada' }, ...expected },
    ]),
    [
      'that is a plain value of another choice, within members',
      object({
        user,
        data: {
          oneOf: [object({ a: object({ x: text, y: text }) }), object({ a: object({ x: password }) })],
        },
      }),
      { user: { name: 'Ada' }, data: { a: { x: secret, y: 'y' } } },
      { user: { name: 'Ada' }, data: { a: { y: 'y' } } },
    ],
    [
      'of choices that name what is required',
      object({ user, token: password }, { anyOf: [{ required: ['user'] }, { type: 'object' }] }),
      whole,
      told,
    ],
    [
      'of a schema that is a part of itself',
      { ...ref('Node'), $defs: { Node: node } },
      { name: { name: 'Ada' }, token: secret, child: { token: secret } },
      { name: { name: 'Ada' } },
    ],
    [
      'of a schema that is joined with itself',
      { ...ref('Node'), $defs: { Node: object({ user, token: password, child: { allOf: [ref('Node')] } }) } },
      whole,
      told,
    ],
    [
      'of a schema that is a list, or a choice, of itself',
      {
        ...ref('Node'),
        $defs: {
          Node: object({
            user,
            token: password,
            list: { type: 'array', items: ref('Node') },
            child: { anyOf: [ref('Node'), nothing] },
          }),
        },
      },
      { ...whole, list: [whole], child: whole },
      told,
    ],
    ...conditions.map(([keyword, condition]): [string, JsonSchema, unknown, unknown] => [
      `of ${keyword}`,
      object({ user, token: text, expires: text }, condition),
      { user: { name: 'Ada' }, token: secret, expires: 'soon' },
      { user: { name: 'Ada' }, expires: 'soon' },
    ]),
    [
      'of a condition in a choice',
      { anyOf: [object({ user, token: text }), under('then', object({ token: under('then', password) }))] },
      whole,
      told,
    ],
    [
      'of elements by their place',
      { type: 'array', prefixItems: [object({ token: password })], items: object({ user, token: text }) },
      [{ token: secret }, whole],
      [{}, told],
    ],
  ])('%s', (_where, schema, value, expected) => {
    const got = tell(schema, value)
    expect(got).toEqual(expected)
    expect(JSON.stringify(got)).not.toContain(secret)
  })

  const webhook = { id: 'a', url: 'https://a.example', secret, more: secret }
  const hook = object({ id: text, url: text, secret: password })
  const shown = { id: 'a', url: 'https://a.example' }
  const tuple = (...prefixItems: JsonSchema[]) => ({ type: 'array', prefixItems })
  it.each<[string, JsonSchema, unknown, unknown]>([
    ['plain members', hook, webhook, shown],
    [
      'an object',
      object({ id: text, auth: object({ key: password }) }),
      { id: 'a', auth: webhook },
      { id: 'a' },
    ],
    [
      'one of two objects',
      object({ user, auth: hasToken }),
      { user: { name: 'Ada' }, auth: { token: secret } },
      told,
    ],
    ['a list', { type: 'array', items: hook }, [webhook, secret, {}], [shown, {}]],
    [
      'a list in a member',
      object({
        total: { type: 'integer' },
        items: { type: 'array', items: hook },
        keys: { type: 'array', items: password },
      }),
      { total: 1, items: [webhook], keys: [secret] },
      { total: 1, items: [shown] },
    ],
    ['a map', map(hook), { x: webhook, y: secret }, { x: shown }],
    [
      'elements of joined tuples',
      {
        allOf: [
          tuple(hook, user),
          tuple(object({ name: text, token: password })),
          { items: object({ b: text }) },
        ],
      },
      [
        { ...webhook, name: 'Ada', token: secret },
        { name: 'Ada', b: 'x', more: secret },
      ],
      [
        { ...shown, name: 'Ada' },
        { name: 'Ada', b: 'x' },
      ],
    ],
    [
      'joined maps of patterns',
      { allOf: [{ patternProperties: { '^h': hook } }, { patternProperties: { '^u': user } }] },
      { h: webhook, u: { name: 'Ada', token: secret } },
      { h: shown, u: { name: 'Ada' } },
    ],
    ['a map without a type', { additionalProperties: hook }, { x: webhook }, { x: shown }],
    ['a map by patterns', { patternProperties: { '^x': hook } }, { x: webhook, y: secret }, { x: shown }],
    [
      'a map in a member',
      object({ id: text, all: map(hook) }),
      { id: 'a', all: { x: webhook } },
      { id: 'a', all: { x: shown } },
    ],
    ['a tuple', tuple(text, password, hook), ['a', secret, webhook, secret], ['a', null, shown]],
    ['a tuple before a list', { ...tuple(password), items: text }, [secret], 'nothing'],
    [
      'a choice',
      { oneOf: [hook, object({ id: text, name: text })] },
      { id: 'a', name: 'b', secret },
      { id: 'a', name: 'b' },
    ],
    ['what may be null', { anyOf: [hook, nothing] }, null, null],
    [
      'what is joined under one name',
      { allOf: [object({ u: object({ a: text, token: password }) }), object({ u: object({ b: text }) })] },
      { u: { a: 'x', b: 'y', token: secret, more: secret } },
      { u: { a: 'x', b: 'y' } },
    ],
    [
      'what is joined under one name, once with a secret and once with a description',
      { allOf: [object({ id: text, u: password }), object({ u: { description: 'Its key' } })] },
      { id: 'a', u: secret },
      { id: 'a' },
    ],
    [
      'a list that is described in two parts',
      { allOf: [object({ l: list(hook) }), object({ l: { type: 'array', minItems: 1 } })] },
      { l: [webhook] },
      { l: [shown] },
    ],
    [
      'lists and maps whose elements are described in two parts',
      {
        allOf: [
          object({ l: list(hook), m: map(hook) }),
          object({ l: list(object({ b: text })), m: map(object({ b: text })) }),
        ],
      },
      { l: [{ ...webhook, b: 'y' }], m: { x: { ...webhook, b: 'y' } } },
      { l: [{ ...shown, b: 'y' }], m: { x: { ...shown, b: 'y' } } },
    ],
    [
      'two choices that are joined',
      {
        type: 'object',
        allOf: [
          { oneOf: [hook, object({ x: text })] },
          { oneOf: [object({ b: text }), object({ y: text })] },
        ],
      },
      { ...webhook, b: 'y' },
      { ...shown, b: 'y' },
    ],
    [
      'two choices beside each other and beside members',
      object(
        { z: text, u: object({ a: text }) },
        { oneOf: [hook], anyOf: [object({ b: text, u: object({ b: text }) })] },
      ),
      { ...webhook, b: 'y', z: 'z', u: { a: 'x', b: 'y', c: secret } },
      { ...shown, b: 'y', z: 'z', u: { a: 'x', b: 'y' } },
    ],
    [
      'two choices, of which one says only what is required',
      {
        allOf: [
          { anyOf: [{ required: ['id'] }, { required: ['url'] }] },
          { anyOf: [hook, object({ b: text })] },
        ],
      },
      webhook,
      shown,
    ],
    [
      'a reference and what stands beside it',
      object(
        { a: { ...ref('Hook'), ...object({ b: text }), allOf: [object({ c: text })] } },
        { $defs: { Hook: { ...hook, allOf: [object({ d: text })] } } },
      ),
      { a: { ...webhook, b: 'b', c: 'c', d: 'd' } },
      { a: { ...shown, b: 'b', c: 'c', d: 'd' } },
    ],
    [
      'a secret that a reference names beside another format, or is about',
      object(
        { id: text, a: { ...ref('Key'), format: 'uuid' }, b: { ...ref('Aside'), 'x-secret': false } },
        { $defs: { Key: password, Aside: aside } },
      ),
      { id: 'a', a: secret, b: secret },
      { id: 'a' },
    ],
    [
      'members that may be null, whatever is sent as null',
      object({ a: { ...id, type: ['object', 'null'] }, b: text, c: id, secret: password }),
      { a: null, b: null, c: null, secret },
      { a: null, b: null },
    ],
    [
      'what is joined',
      { allOf: [object({ id: text, url: text }), object({ secret: password })] },
      webhook,
      shown,
    ],
  ])('beside plain values, which are told, of %s', (_of, schema, value, expected) => {
    const got = tell(schema, value)
    expect(got).toEqual(expected)
    expect(JSON.stringify(got)).not.toContain(secret)
  })

  it.each<[string, JsonSchema]>([
    ['a secret', password],
    ['a secret that may be null', { anyOf: [password, nothing] }],
    ['members that are about a secret', object({ token: password, expires: aside })],
    ['the same in what is joined', object({ expires: aside }, { allOf: [object({ token: password })] })],
    ['what is a secret as a whole', object({ a: text }, { 'x-secret': true })],
    ['what may be a secret as a whole', { oneOf: [object({ a: text }, { 'x-secret': true }), user] }],
    ['a map beside members', object({ a: password }, { additionalProperties: {} })],
    ['a tuple of secrets', { type: 'array', prefixItems: [password, aside] }],
    ['an object that may be null', { anyOf: [object({ token: password }), nothing] }],
    ['members of any name', { type: 'object', additionalProperties: password }],
    ['a text that may be a secret', { oneOf: [text, password] }],
    [
      'a text that is a secret by a condition',
      { type: 'string', if: { minLength: 9 }, ...under('then', password) },
    ],
    ['members of which any may be a secret', object({ a: text }, { patternProperties: { '': password } })],
    ...elements.map(([keyword, list]): [string, JsonSchema] => [
      `elements that may be secrets by ${keyword}`,
      { type: 'array', items: text, ...list },
    ]),
  ])('nothing is left to tell of %s', (_what, schema) => {
    expect(omitSecrets(schema)).toBeUndefined()
  })

  it('in time where a map is a member of itself by a reference with alternatives beside it', () => {
    const member = { ...ref('Y'), patternProperties: { '.': {} }, anyOf: [password, {}] }
    const $defs = { Y: { unevaluatedProperties: member } }
    expect(omitSecrets({ if: { patternProperties: { '.': ref('Y') } }, $defs })).toBeUndefined()
  })

  it('of a member only where a pattern matches its name', () => {
    const schema = object({ a: text, secret_b: text }, { patternProperties: { '^secret_': password } })
    expect(omitSecrets(schema)?.properties).toEqual({ a: text })
  })

  it('in time where many schemas refer to each other', () => {
    const names = Array.from({ length: 30 }, (_, n) => `S${n}`)
    const $defs = Object.fromEntries(
      names.map((name, n) => {
        const later = names.slice(n + 1).map((one) => [one, { oneOf: [ref(one), nothing] }])
        return [name, object({ token: password, user, ...Object.fromEntries(later) })]
      }),
    )
    const schema = { ...ref('S0'), $defs }
    expect(tell(schema, { ...whole, S1: whole })).not.toMatchObject({ token: secret })
    const loose = { ...schema, $defs: { ...$defs, S0: object({ user, S1: { oneOf: [ref('S1'), user] } }) } }
    expect(JSON.stringify(tell(loose, { ...whole, S1: whole }))).not.toContain(secret)
  })
})

describe('what is described is told', () => {
  it.each<[string, JsonSchema, unknown, unknown]>([
    ['a schema without a secret', user, { name: 'Ada', more: 1 }, { name: 'Ada' }],
    [
      'the choice that describes most of an object',
      { oneOf: [object({ kind: text, a: text }), object({ kind: text, b: text }), nothing] },
      { kind: 'b', b: 'x', more: 1 },
      { kind: 'b', b: 'x' },
    ],
    [
      'members beside choices',
      object({ kind: text }, { oneOf: [object({ a: text }), object({ b: text })] }),
      { kind: 'b', b: 'x', more: 1 },
      { kind: 'b', b: 'x' },
    ],
    ['a plain choice', { oneOf: [text, user] }, 'x', 'x'],
    ['a choice of constants', { type: 'string', oneOf: [{ const: 'a' }, { const: 'b' }] }, 'a', 'a'],
    [
      'members whose choices say only what is required',
      object({ a: text }, { anyOf: [{ required: ['a'] }] }),
      { a: 'x', more: 1 },
      { a: 'x' },
    ],
    ['anything where nothing is described', {}, { a: [1] }, { a: [1] }],
    [
      'each member of a map',
      { type: 'object', additionalProperties: user },
      { a: { name: 'Ada', more: 1 }, b: 'b' },
      { a: { name: 'Ada' } },
    ],
    [
      'each element of a tuple',
      { type: 'array', prefixItems: [text, user] },
      ['a', { name: 'Ada', more: 1 }, 'c'],
      ['a', { name: 'Ada' }],
    ],
    [
      'each element of joined tuples, and of a tuple joined with a list',
      {
        type: 'array',
        prefixItems: [object({ a: text }), object({ a: text })],
        allOf: [{ items: object({ b: text }) }, { prefixItems: [object({ c: text })] }],
      },
      Array.from({ length: 3 }, () => ({ a: 'x', b: 'x', c: 'x', more: 1 })),
      [{ a: 'x', b: 'x', c: 'x' }, { a: 'x', b: 'x' }, { b: 'x' }],
    ],
    [
      'a part that is joined with the whole that it is of',
      {
        ...ref('Node'),
        $defs: { Node: object({ id: text, parent: { description: 'Its parent', allOf: [ref('Node')] } }) },
      },
      { id: 'a', parent: { id: 'b', more: 1, parent: { id: 'c' } } },
      { id: 'a', parent: { id: 'b', parent: { id: 'c' } } },
    ],
    ['a choice of heirs', { ...ref('Pet'), $defs: pets }, { kind: 'cat', claws: 1, more: 1 }, cat],
    ['an heir of a choice', { ...ref('Cat'), $defs: pets }, { kind: 'cat', claws: 1, more: 1 }, cat],
    [
      'heirs that are parts of each other',
      object({ pets: { type: 'array', items: ref('Pet') }, cat: ref('Cat') }, { $defs: pets }),
      { pets: [{ ...cat, friend: { ...cat, more: 1 } }], cat: { ...cat, more: 1 } },
      { pets: [{ ...cat, friend: cat }], cat },
    ],
    [
      'a choice of itself',
      { ...ref('Any'), $defs: { Any: object({ a: text }, { anyOf: [ref('Any'), object({ b: text })] }) } },
      { a: 'x', b: 'x', more: 1 },
      { a: 'x', b: 'x' },
    ],
    [
      'a plain value of a choice of itself',
      object({ one: ref('Any') }, { $defs: { Any: { oneOf: [ref('Any'), object({ a: text }), text] } } }),
      { one: 'x' },
      { one: 'x' },
    ],
    [
      'a reference with members beside it',
      object(
        { first: { ...ref('A'), ...object({ a: text, b: text }) }, second: ref('A') },
        { $defs: { A: object({ a: text }) } },
      ),
      { first: { a: 'x', b: 'x', more: 1 }, second: { a: 'x', more: 1 } },
      { first: { a: 'x', b: 'x' }, second: { a: 'x' } },
    ],
  ])('%s', (_what, schema, value, expected) => {
    expect(omitSecrets(schema)).toBe(schema)
    expect(tell(schema, value)).toEqual(expected)
  })

  it('in time where each level is a choice', () => {
    const item = (more: JsonSchema) => object({ children: { type: 'array', items: ref('Item') }, ...more })
    const schema = {
      ...ref('Item'),
      $defs: { Item: { oneOf: ['a', 'b', 'c'].map((name) => item({ [name]: text })) } },
    }
    const nest = (depth: number): unknown =>
      depth > 0 ? { a: 'x', children: [nest(depth - 1)] } : { a: 'x' }
    expect(tell(schema, nest(40))).toEqual(nest(40))
  })

  it('in time where schemas are joined with each other', () => {
    const names = Array.from({ length: 12 }, (_, n) => `S${n}`)
    const one = (name: string) => ({ ...object({ [name]: text }), allOf: names.map(ref) })
    const schema = { ...ref('S0'), $defs: Object.fromEntries(names.map((name) => [name, one(name)])) }
    expect(tell(schema, { S11: 'x', more: 1 })).toEqual({ S11: 'x' })
  })
})
