import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import type { JsonSchema } from '../../src/document/json-schema.ts'
import { type Operation, readOperations } from '../../src/document/operations.ts'
import { createCompiler } from '../../src/document/schema-compiler.ts'
import { type CallInput, compileOperations } from '../../src/document/validation.ts'
import { listSameValue } from '../../src/document/value-shape.ts'
import { refuseName, toViolations } from '../../src/document/violations.ts'
import { createBody } from '../support/operation.ts'

const shipped = readOperations(readDocument())
const client = { clientId: 'cm9demo000001abcd1234efgh' }
const user = { email: 'ada@example.org', name: 'Ada Example' }

/** The violations of a call of a shipped operation, named by the end of its id, as `location message`. */
function sentencesOf(id: string, input: Partial<CallInput>): string[] {
  const [operation] = compileOperations(shipped.filter((one) => one.id.endsWith(id)))
  if (!operation) throw new Error(`no operation ${id}`)
  const violations = operation.validate({ path: client, query: {}, header: {}, ...input })
  return violations.map(({ location, message }) => `${location} ${message}`)
}

/** The violations of a body with one member `it`, which has this schema. */
function violationsOf(schema: JsonSchema, it: unknown) {
  const body = createBody({ type: 'object', properties: { it: schema } })
  const operation: Operation = {
    id: 'probe',
    method: 'POST',
    path: '/probe',
    restPath: '/v1/probe',
    summary: '',
    parameters: [],
    body,
    responses: [],
    success: { status: 200, schema: {} },
    security: [],
  }
  return compileOperations([operation])[0]?.validate({ path: {}, query: {}, header: {}, body: { it } }) ?? []
}

test.each([
  ['int32', 2 ** 31, 'must be a whole number from -2147483648 to 2147483647'],
  ['int32', -(2 ** 31) - 1, 'must be a whole number from -2147483648 to 2147483647'],
  ['int32', 1.5, 'must be a whole number from -2147483648 to 2147483647'],
  ['int64', 1e19, 'must be a whole number from -9223372036854775808 to 9223372036854775807'],
  ['int64', -1e19, 'must be a whole number from -9223372036854775808 to 9223372036854775807'],
  ['int64', 0.5, 'must be a whole number from -9223372036854775808 to 9223372036854775807'],
])('a number that is no %s, as %d, is told the range', (format, value, message) => {
  expect(violationsOf({ type: 'number', format }, value)).toEqual([
    { location: 'body.it', rule: 'format', message },
  ])
})

test.each([
  ['int32', 2 ** 31 - 1],
  ['int32', -(2 ** 31)],
  ['int32', '4294967296'],
  // The nearest that JavaScript has of 9223372036854775807.
  ['int64', 2 ** 63],
  ['int64', -(2 ** 63)],
  ['int64', '9223372036854775808'],
  ['float', 1e300],
])('a value of the format %s may be %j', (format, value) => {
  expect(violationsOf({ type: ['number', 'string'], format }, value)).toEqual([])
})

describe('a body', () => {
  test.each([
    ['timeFormat', 13, 'body.timeFormat must be one of 12, 24 (got 13)'],
    ['timeFormat', '24', 'body.timeFormat must be one of 12, 24 (got a string)'],
    ['timeFormat', true, 'body.timeFormat must be one of 12, 24 (got true)'],
    [
      'weekStart',
      'monday',
      'body.weekStart must be one of Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday; did you mean Monday?',
    ],
    [
      'weekStart',
      null,
      'body.weekStart must be one of Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday (got null)',
    ],
    ['timeZone', '+02:00', 'body.timeZone must be an IANA time zone such as Europe/Oslo'],
    ['timeZone', '', 'body.timeZone must not be empty'],
    ['timeZone', null, 'body.timeZone must be a string (got null)'],
    ['email', 'ada', 'body.email must be an e-mail address'],
    ['email', ['ada@example.org'], 'body.email must be a string of at most 254 characters (got an array)'],
    ['name', {}, 'body.name must be a string (got an object)'],
    ['avatarUrl', 'img.example.org/a.png', 'body.avatarUrl must be an absolute URI'],
    ['avatarUrl', 'ftp://img.example.org/a.png', 'body.avatarUrl must match ^https?://'],
    ['bio', 5, 'body.bio must be a string or null (got 5)'],
    ['timezone', 'Europe/Oslo', 'body.timezone is not known here; did you mean timeZone?'],
    ['time-zone', 'Europe/Oslo', 'body.time-zone is not known here; did you mean timeZone?'],
    [
      'id',
      1,
      'body.id is not known here; known are email, name, timeFormat, weekStart, timeZone, locale, avatarUrl, bio, metadata',
    ],
    ['metadata', [], 'body.metadata must be an object (got an array)'],
    [
      'metadata',
      { seat: null },
      'body.metadata.seat must be a string of at most 500 characters or a number or a boolean (got null)',
    ],
    [
      'metadata',
      { seat: [1] },
      'body.metadata.seat must be a string of at most 500 characters or a number or a boolean (got an array)',
    ],
    [
      'metadata',
      { 'a.b "c"': {} },
      'body.metadata["a.b \\"c\\""] must be a string of at most 500 characters or a number or a boolean (got an object)',
    ],
    [
      'metadata',
      { ['k'.repeat(41)]: 1 },
      `body.metadata.${'k'.repeat(41)} its name must have at most 40 characters`,
    ],
    [
      'metadata',
      Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`key${index}`, 1])),
      'body.metadata must have at most 50 keys',
    ],
  ])('of create with %s: %j is refused in one sentence', (name, value, sentence) => {
    expect(sentencesOf('createuser', { body: { ...user, [name]: value } })).toEqual([sentence])
  })

  test.each([
    [
      'defaultScheduleId',
      0,
      'body.defaultScheduleId must be an integer from 1 to 2147483647 or null (got 0)',
    ],
    [
      'defaultScheduleId',
      2_147_483_648,
      'body.defaultScheduleId must be an integer from 1 to 2147483647 or null (got 2147483648)',
    ],
    [
      'defaultScheduleId',
      1.5,
      'body.defaultScheduleId must be an integer from 1 to 2147483647 or null (got 1.5)',
    ],
    ['email', null, 'body.email must be a string of at most 254 characters (got null)'],
    ['metadata', null, 'body.metadata must be an object (got null)'],
  ])('of update with %s: %j is refused in one sentence', (name, value, sentence) => {
    const path = { ...client, userId: 1 }
    expect(sentencesOf('updateuser', { path, body: { [name]: value } })).toEqual([sentence])
  })

  test('that lacks what is required is refused once for each', () => {
    expect(sentencesOf('createuser', { body: {} })).toEqual([
      'body.email is required',
      'body.name is required',
    ])
  })

  test.each([[[]], [null], ['text'], [5]])('that is %j and no object is refused', (body) => {
    const [sentence] = sentencesOf('refreshtokens', { body })
    expect(sentence).toMatch(/^body must be an object \(got /)
  })

  test('that is missing is required', () => {
    expect(sentencesOf('refreshtokens', {})).toEqual(['body is required'])
  })
})

describe('a parameter', () => {
  test.each([
    [{ query: { limit: 251 } }, 'query.limit must be an integer from 1 to 250 (got 251)'],
    [
      { query: { limit: '0x10' } },
      'query.limit must be an integer from 1 to 250 (got a string; a number is taken in its shortest spelling, such as 12 or 1.5)',
    ],
    [{ query: { limit: 'x' } }, 'query.limit must be an integer from 1 to 250 (got a string)'],
    [{ query: { offset: -1 } }, 'query.offset must be an integer from 0 to 250 (got -1)'],
    [{ query: { emails: [] } }, 'query.emails must not be empty'],
    [{ query: { emails: ['ada@example.org', 'bo'] } }, 'query.emails[1] must be an e-mail address'],
    [{ query: { emails: ['ada@example.org,bo@example.org'] } }, 'query.emails[0] must be an e-mail address'],
    [{ query: { Limit: 5 } }, 'query.Limit is not known here; did you mean limit?'],
    [{ query: { page: 5 } }, 'query.page is not known here; known are limit, offset, emails'],
    [{ path: { clientId: 'a/b' } }, 'path.clientId must match ^[A-Za-z0-9_-]{1,64}$'],
    [{ path: {} }, 'path.clientId is required'],
    [{ header: { 'x-cal-secret-key': '' } }, 'header.x-cal-secret-key must not be empty'],
    [{ header: { 'x-cal-secret-key': 'a b' } }, 'header.x-cal-secret-key must match ^[\\x21-\\x7E]+$'],
    [
      { header: { 'x-cal-secret-key': 'a'.repeat(513) } },
      'header.x-cal-secret-key must have at most 512 characters',
    ],
  ])('in %j is refused in one sentence', (input, sentence) => {
    expect(sentencesOf('getmanagedusers', input)).toEqual([sentence])
  })

  test('that an operation takes none of is refused as such', () => {
    expect(sentencesOf('getuserbyid', { path: { ...client, userId: 1 }, query: { limit: 1 } })).toEqual([
      'query.limit is not known here; nothing is taken here',
    ])
  })
})

describe('the rule', () => {
  const quoted = '(got JSON in a string; give the value itself)'

  test.each([
    ['minimum', { type: 'integer', minimum: 3 }, 2, 'must be an integer of at least 3 (got 2)'],
    ['maximum', { type: 'number', maximum: 3 }, 4.5, 'must be a number of at most 3 (got 4.5)'],
    ['type', { type: ['boolean', 'null'] }, 0, 'must be a boolean or null (got 0)'],
    ['minLength', { type: 'string', minLength: 3 }, 'ab', 'must have at least 3 characters'],
    ['minItems', { type: 'array', minItems: 2 }, [1], 'must have at least 2 elements'],
    ['maxItems', { type: 'array', maxItems: 2 }, [1, 2, 3], 'must have at most 2 elements'],
    ['minProperties', { type: 'object', minProperties: 2 }, { a: 1 }, 'must have at least 2 keys'],
    [
      'anyOf',
      { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      'x',
      'must be an integer or null (got a string)',
    ],
    [
      'format',
      { type: 'string', format: 'date-time' },
      '2026-01-31 12:00',
      'must be an RFC 3339 date and time such as 2026-01-31T12:00:00Z',
    ],
    ['format', { type: 'string', format: 'date' }, 'tomorrow', 'must be an RFC 3339 date such as 2026-01-31'],
    ['type', { type: 'object' }, '{"a":1}', `must be an object ${quoted}`],
    ['type', { type: ['array', 'null'] }, ' ["a"]', `must be an array or null ${quoted}`],
    ['anyOf', { anyOf: [{ type: 'object' }, { type: 'null' }] }, '{}', `must be an object or null ${quoted}`],
    ['type', { type: 'object' }, 'x', 'must be an object (got a string)'],
    ['type', { type: 'integer' }, '{"a":1}', 'must be an integer (got a string)'],
    [
      'anyOf',
      { anyOf: [{ type: 'object' }, { type: 'string', maxLength: 1 }] },
      '{}',
      'must be an object or a string of at most 1 characters (got a string)',
    ],
    ['multipleOf', { type: 'integer', multipleOf: 5 }, 7, 'must be multiple of 5'],
    ['const', { const: 'v1' }, 'planted', 'must be "v1" (got a string)'],
    ['const', { const: { a: 1 } }, 8, 'must be {"a":1} (got 8)'],
    ['enum', { enum: [{ toString: 1 }, 'x', [2]] }, 8, 'must be one of {"toString":1}, x, [2] (got 8)'],
    [
      'anyOf',
      { anyOf: [{ const: 'a' }, { enum: [{ toString: 1 }, 'b'] }] },
      8,
      'must be "a" or one of {"toString":1}, b (got 8)',
    ],
    ['const', { const: `${'x'.repeat(78)}😀` }, 8, `must be "${'x'.repeat(78)}\ufffd… (got 8)`],
    ['const', { const: 'planted', format: 'password' }, 8, 'must be the one value of the document'],
    [
      'anyOf',
      { anyOf: [{ const: 'a' }, { enum: ['b', 'c'] }] },
      'x',
      'must be "a" or one of b, c (got a string)',
    ],
    [
      'anyOf',
      { anyOf: [{ required: ['email'] }, { type: 'object', title: 'By phone', required: ['phone'] }] },
      {},
      'must be an object with email or an object (By phone) with phone (got an object)',
    ],
    [
      'oneOf',
      { oneOf: [{ type: 'integer' }, { type: 'number', maximum: 9 }] },
      7,
      'must fit only one of: an integer or a number of at most 9 (got 7)',
    ],
    ['contains', { type: 'array', contains: { const: 1 } }, [2], 'must contain 1'],
    ['uniqueItems', { type: 'array', uniqueItems: true }, [1, 1], 'must have no two equal elements'],
    ['not', { not: { type: 'string' } }, 's', 'must not be a string'],
    ['not', { not: {} }, 's', 'is not allowed here'],
  ])('%s of %j has words', (rule, schema, value, message) => {
    expect(violationsOf(schema, value)).toEqual([{ location: 'body.it', rule, message }])
  })

  const $defs = {
    Cat: { properties: { kind: { const: 'cat' }, lives: { type: 'integer' } }, required: ['kind', 'lives'] },
    Dog: {
      properties: { kind: { enum: ['dog'] }, owner: { $ref: '#/$defs/Owner' } },
      required: ['kind', 'bark'],
    },
    Owner: { required: ['name'] },
  }
  const pets = ['Cat', 'Dog'].map((name) => ({ $ref: `#/$defs/${name}` }))

  test.each([
    [
      {},
      [
        'body.it must be an object (Cat) with kind "cat", lives or an object (Dog) with kind "dog", bark (got an object)',
      ],
    ],
    [{ kind: 'cat' }, ['body.it.lives is required']],
    [{ kind: 'cat', lives: 'x' }, ['body.it.lives must be an integer (got a string)']],
    [{ kind: 'dog', owner: {} }, ['body.it.bark is required', 'body.it.owner.name is required']],
    [
      [{ kind: 'cat' }, { kind: 'cow' }],
      [
        'body.it[0].lives is required',
        'body.it[1] must be an object (Cat) with kind "cat", lives or an object (Dog) with kind "dog", bark (got an object)',
      ],
    ],
  ])(
    'of the alternatives of %j the one that is meant is told, or what all of them ask for',
    (value, told) => {
      const pet = { oneOf: pets }
      const it = Array.isArray(value) ? { type: 'array', items: pet } : pet
      const schema = { properties: { body: { properties: { it, no: false } } }, $defs }
      const check = createCompiler()(schema)
      expect(check?.({ body: { it: value, no: 1 } })).toBe(false)
      const violations = toViolations(check?.errors ?? [], schema)
      expect(violations.map(({ location, message }) => `${location} ${message}`)).toEqual([
        ...told,
        'body.no is not allowed here',
      ])
    },
  )

  test('enum tells the choices without null, which is no choice but the lack of one', () => {
    const schema = { type: ['string', 'null'], enum: ['a', 'b', null] }
    expect(violationsOf(schema, 7)).toEqual([
      { location: 'body.it', rule: 'enum', message: 'must be one of a, b (got 7)' },
    ])
  })
})

test('one place has one violation, and an answer lists twenty places', () => {
  const emails = Array.from({ length: 30 }, (_, index) => `${index}`)
  const sentences = sentencesOf('getmanagedusers', { query: { emails } })
  expect(sentences).toHaveLength(20)
  expect(new Set(sentences).size).toBe(20)
})

test.each([
  ['colour', ['size', 'Colour'], '', 'colour', 'is not known here; did you mean Colour?'],
  ['user_id', ['userId'], 'path', 'path.user_id', 'is not known here; did you mean userId?'],
  ['0', ['a', 'b'], 'body', 'body[0]', 'is not known here; known are a, b'],
  ['a b', [], '', '"a b"', 'is not known here; nothing is taken here'],
  ['x'.repeat(70), [], 'query', `query["${'x'.repeat(64)}…"]`, 'is not known here; nothing is taken here'],
])('the name %j, where known are %j, is refused', (name, known, place, location, message) => {
  expect(refuseName(name, known, place)).toEqual({ location, rule: 'additionalProperties', message })
})

const named = (...names: string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, {}])),
})
const closed = { unevaluatedProperties: false }

test.each<[string, JsonSchema, string]>([
  ['parts', { allOf: [named('species'), named('secret')], ...closed }, 'known are species, secret'],
  ['itself and parts', { ...named('id'), allOf: [named('species')], ...closed }, 'known are id, species'],
  ['a reference', { $ref: '#/$defs/Pet', ...closed }, 'known are name, tag'],
  ['a reference and itself', { ...named('id'), $ref: '#/$defs/Pet', ...closed }, 'known are id, name, tag'],
  ['parts that refer', { allOf: [{ $ref: '#/$defs/Pet' }], ...closed }, 'known are name, tag'],
  ['parts of parts', { allOf: [{ allOf: [named('id')] }, named('id')], ...closed }, 'known are id'],
  ['choices', { anyOf: [named('bark'), named('meow')], ...closed }, 'known are bark, meow'],
  [
    'a choice',
    { oneOf: [{ ...named('bark'), required: ['bark'] }, named('meow')], ...closed },
    'known are bark, meow',
  ],
  ['a condition', { if: named('kind'), else: named('bark'), ...closed }, 'known are kind, bark'],
  [
    'what another member brings',
    { ...named('a'), dependentSchemas: { a: named('b') }, ...closed },
    'known are a, b',
  ],
  ['a part with another spelling', { allOf: [named('Tail_')], ...closed }, 'did you mean Tail_?'],
  ['nothing', closed, 'nothing is taken here'],
  ['nothing, closed in another way', { additionalProperties: false }, 'nothing is taken here'],
  [
    'names of parts that count not',
    { allOf: [named('a')], additionalProperties: false },
    'nothing is taken here',
  ],
  ['patterns alone', { patternProperties: { '^x-': {} }, additionalProperties: false }, ''],
  ['patterns of a part', { allOf: [{ patternProperties: { '^x-': {} } }], ...closed }, ''],
  [
    'names beside patterns',
    { ...named('a'), patternProperties: { '^x-': {} }, additionalProperties: false },
    'known are a',
  ],
])('a name that is not known is told those of %s', (_, schema, told) => {
  const root = { ...schema, $defs: { Pet: named('name', 'tag') } }
  const check = createCompiler()(root)
  check?.({ tail: 1 })
  const messages = toViolations(check?.errors ?? [], root).map(({ location, message }) => [location, message])
  expect(messages).toEqual([['tail', told === '' ? 'is not known here' : `is not known here; ${told}`]])
})

test('of very many errors the first are told, and the others are not read', () => {
  const item = { anyOf: [{ required: ['a', 'b'] }, { required: ['c'] }] }
  const check = createCompiler()({ type: 'array', items: item })
  check?.(Array.from({ length: 3_000 }, () => ({})))
  const errors = [...(check?.errors ?? [])]
  const first = errors[0] ?? fail()
  const unread = new Proxy(first, {
    get: (_, name) => (name === 'keyword' ? first.keyword : fail()),
  })
  const violations = toViolations([...errors, ...Array.from({ length: 10 }, () => unread)])
  expect(violations).toHaveLength(20)
  expect(new Set(violations.map(({ rule }) => rule))).toEqual(new Set(['anyOf']))
})

function fail(): never {
  throw new Error('read')
}

test('what is wrong by one alternative alone is told of no value, however many errors there are', () => {
  const list = (items: object, type: string) => ({ properties: { type: { const: type }, list: { items } } })
  const value = { type: 'b', list: [...Array.from({ length: 12_000 }, () => 'a'), 1] }
  for (const keyword of ['anyOf', 'oneOf']) {
    const choice = { [keyword]: [list({ type: 'integer' }, 'a'), list({ type: 'string' }, 'b')] }
    for (const [schema, data, location] of [
      [choice, value, ''],
      [{ properties: { one: choice } }, { one: value }, 'one'],
      [{ items: choice }, [value, value], '0'],
    ] as const) {
      const check = createCompiler()(schema)
      check?.(data)
      const [first] = toViolations(check?.errors ?? [], schema)
      expect(first).toMatchObject({ location, rule: keyword })
    }
  }
})

test('a schema that is a choice of itself describes its value once', () => {
  const tree = { anyOf: [{ $ref: '#/$defs/Tree' }, named('node')] }
  const whole = { $ref: '#/$defs/Tree', $defs: { Tree: tree } }
  expect(listSameValue(whole, whole)).toHaveLength(4)
})

test('no text that a caller sends comes back, unless as the name of a member', () => {
  const canary = 'canary-7f3a'
  const text = fc.constantFrom(
    canary,
    `${canary}@example.org`,
    `https://${canary}`,
    ` ${canary} `,
    canary.repeat(60),
  )
  const value = fc.oneof(
    text,
    fc.array(text, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b c', '__proto__', 'toString'), fc.oneof(text, fc.array(text)), {
      maxKeys: 3,
    }),
  )
  const places = fc.constantFrom('path', 'query', 'header', 'body')
  const names = fc.constantFrom(
    'clientId',
    'userId',
    'limit',
    'offset',
    'emails',
    'x-cal-secret-key',
    'email',
    'name',
    'timeFormat',
    'weekStart',
    'timeZone',
    'locale',
    'avatarUrl',
    'bio',
    'metadata',
    'defaultScheduleId',
    'refreshToken',
    'other',
  )
  const operations = compileOperations(shipped)
  let refused = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...operations),
      fc.array(fc.tuple(places, names, value), { maxLength: 8 }),
      ({ validate }, members) => {
        const input: Record<string, Record<string, unknown>> = { path: {}, query: {}, header: {}, body: {} }
        for (const [place, name, one] of members) input[place] = { ...input[place], [name]: one }
        const violations = validate({ path: {}, query: {}, header: {}, ...input })
        refused += violations.length
        expect(JSON.stringify(violations)).not.toContain('canary')
      },
    ),
    { numRuns: 500, seed: 1 },
  )
  expect(refused).toBeGreaterThan(500)
})
