import { describe, expect, it } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import type { JsonSchema } from '../../src/document/json-schema.ts'
import { readRequestBody } from '../../src/document/media-types.ts'
import type { Operation } from '../../src/document/operations.ts'
import { readParameter } from '../../src/document/parameters.ts'
import { toJsonSchema } from '../../src/document/schema-reader.ts'
import type { Security } from '../../src/document/security.ts'
import type { Tool } from '../../src/document/tool.ts'
import { compileOperations } from '../../src/document/validation.ts'
import { createArgumentBinder, describeArguments, locateByArgument } from '../../src/mcp/arguments.ts'
import { adviseCredential } from '../../src/mcp/tool-description.ts'
import { createBody } from '../support/operation.ts'
import { operations } from './example.ts'

const tool: Tool = {
  name: 'search',
  title: 'Search',
  description: 'Searches.',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  arguments: { key: 'api_key', 'filter[name]': 'nameFilter', id: 'identifier', body: 'payload' },
}
const operation: Operation = {
  id: 'search',
  method: 'POST',
  path: '/search/{id}',
  restPath: '/v1/search/{id}',
  summary: '',
  parameters: [
    {
      name: 'key',
      in: 'header',
      required: true,
      description: '',
      schema: { type: 'string', format: 'password' },
    },
    { name: 'filter[name]', in: 'query', required: true, description: 'A name.', schema: { type: 'string' } },
    {
      name: 'id',
      in: 'path',
      required: true,
      description: 'An id.',
      schema: { type: 'array', items: { type: 'integer' } },
    },
  ].map((one) => ({ ...readParameter(one), isCredential: one.name === 'key' })),
  body: createBody({ type: 'object', properties: { id: { type: 'integer' } } }, true),
  responses: [],
  success: { status: 200, schema: {} },
  security: [],
  tool,
}
const none = () => undefined
const member = (name: string) => ({ type: 'object', properties: { [name]: {} } })

describe('the input schema', () => {
  it('has the arguments under the names the capability binds, in its order', () => {
    const { properties } = describeArguments(operation, tool, '')
    expect(Object.keys(Object(properties))).toEqual(['api_key', 'nameFilter', 'identifier', 'payload'])
  })

  it('asks for an element of a list that is no JSON, since an empty one is refused', () => {
    const list = { type: 'array', items: { type: 'integer' } }
    const named = (name: string, more: object) => readParameter({ name, in: 'query', ...more })
    const parameters = [
      named('ids', { schema: list }),
      named('none', { schema: { ...list, minItems: 0 } }),
      named('two', { schema: { ...list, minItems: 2 } }),
      named('json', { content: { 'application/json': { schema: list } } }),
    ]
    const names = Object.fromEntries(parameters.map(({ name }) => [name, name]))
    const { properties } = describeArguments({ ...operation, parameters }, { ...tool, arguments: names }, '')
    expect(properties).toMatchObject({
      ids: { minItems: 1 },
      none: { minItems: 1 },
      two: { minItems: 2 },
      json: { type: 'array' },
    })
    expect(properties).not.toMatchObject({ json: { minItems: 1 } })
  })

  it('is closed, and requires all that the operation requires but its credential', () => {
    expect(describeArguments(operation, tool, '')).toMatchObject({
      type: 'object',
      required: ['nameFilter', 'identifier', 'payload'],
      additionalProperties: false,
    })
  })

  it('says at the credential, and nowhere else, how to do without the argument', () => {
    const { properties } = describeArguments(operation, tool, 'Not here.')
    expect(properties).toMatchObject({
      api_key: { type: 'string', format: 'password', description: 'Not here.' },
      nameFilter: { type: 'string', description: 'A name. The API calls it `filter[name]`, in the query.' },
    })
  })

  it('says what the API calls a parameter, where its argument has another name', () => {
    const named = (name: string, place: string) => readParameter({ name, in: place, schema: {} })
    const parameters = [
      named('id', 'path'),
      named('id', 'cookie'),
      named('X\u202eY', 'header'),
      named('q', 'querystring'),
    ]
    const schema = { type: 'string', description: 'Those of a shop.' }
    const shop = readParameter({ name: '$shop', in: 'query', schema })
    const names = { id: 'id', 'cookie.id': 'cookie_id', 'X\u202eY': 'X_Y', q: 'all', $shop: 'shop' }
    const { properties } = describeArguments(
      { ...operation, parameters: [...parameters, shop] },
      { ...tool, arguments: names },
      '',
    )
    expect(properties).toEqual({
      id: {},
      cookie_id: { description: 'The API calls it `id`, in the cookie.' },
      X_Y: { description: 'The API calls it `X\\u{202e}Y`, in the header.' },
      all: {},
      shop: { type: 'string', description: 'Those of a shop. The API calls it `$shop`, in the query.' },
    })
  })
})

describe('the argument of a body', () => {
  const describeAs = (type: string, description: string, schema: object) => {
    const body = readRequestBody({ description, content: { [type]: { schema } } }, toJsonSchema)
    if (!body) throw new TypeError('a body has a media type')
    const { properties } = describeArguments(
      { ...operation, body },
      { ...tool, arguments: { body: 'body' } },
      '',
    )
    return asRecord(asRecord(properties).body).description
  }

  it.each([
    ['application/json', 'What to add.', { description: 'A thing.' }, 'What to add. A thing.'],
    ['application/json', 'What to add', { description: 'A thing' }, 'What to add. A thing'],
    ['application/json', 'A thing.', { description: 'A thing.' }, 'A thing.'],
    ['application/json', '', { description: 'A thing.' }, 'A thing.'],
    ['application/json', '', {}, undefined],
    ['application/x-www-form-urlencoded', 'What to add.', { type: 'object' }, 'What to add.'],
    ['multipart/form-data', 'What to add.', {}, 'What to add.'],
    ['application/xml', '', { type: 'object' }, 'A text of type application/xml.'],
    ['application/xml', 'An order.', {}, 'An order. A text of type application/xml.'],
    ['text/csv', 'Rows!', { description: 'One a line' }, 'Rows! One a line. A text of type text/csv.'],
    ['image/png', 'A face.', {}, 'A face. A file.'],
  ])('of %s that is described as "%s" and by %j tells of both', (type, description, schema, told) => {
    expect(describeAs(type, description, schema)).toBe(told)
  })
})

describe('the advice on a credential', () => {
  const scheme = {
    name: 'KEY',
    in: 'header',
    key: 'key',
    prefix: '',
    description: '',
    configuredOnly: false,
  } as const
  const other = { ...scheme, name: 'OTHER', key: 'other' }
  const advise = (security: Security, secrets = {}, named = tool) =>
    adviseCredential({ security }, named, (name) => [`SEARCH_${name}`], secrets)
  const way =
    'as the HTTP header other of the MCP request, over stdio as the environment variable SEARCH_OTHER'
  const ways =
    'as the HTTP header key of the MCP request, over stdio as the environment variable SEARCH_KEY, ' +
    'or as the argument api_key, which a model sees'

  it('names the header, the variable and the argument by what they are called', () => {
    expect(advise([[scheme]])).toBe(`Give the secret ${ways}.`)
  })

  it('is empty for an operation without a credential', () => {
    expect(advise([])).toBe('')
    expect(advise([[]])).toBe('')
  })

  it('knows the argument of a credential that shares its name', () => {
    const named = { ...tool, arguments: { 'header.key': 'secret', 'query.key': 'key' } }
    expect(advise([[scheme]], {}, named)).toMatch('as the argument secret, which')
  })

  it('names what stands before a credential', () => {
    expect(advise([[{ ...other, key: 'Authorization', prefix: 'Bearer ' }]])).toMatch(
      /^Give the secret as the HTTP header Authorization: Bearer … of the MCP request/,
    )
  })

  it('names each scheme of each alternative that nobody has configured', () => {
    expect(advise([[scheme, other]])).toBe(`Give the secret ${ways}; and the secret ${way}.`)
    expect(advise([[scheme], [other]])).toBe(`Give the secret ${ways}; or the secret ${way}.`)
    expect(advise([[scheme, other]], { KEY: 'configured' })).toBe(`Give the secret ${way}.`)
  })

  it.each([
    ['is for the operator alone', { ...other, configuredOnly: true }],
    ['no header can bring', { ...other, in: 'query', key: 'from' } as const],
  ])('sends to the operator where a scheme %s', (_name, one) => {
    expect(advise([[one]])).toBe('Tell the operator to configure SEARCH_OTHER.')
    expect(advise([[scheme, one]], { KEY: 'configured' })).toBe(
      'Tell the operator to configure SEARCH_OTHER.',
    )
    expect(advise([[scheme, one]])).toBe('Tell the operator to configure SEARCH_OTHER.')
    expect(advise([[one], [scheme]])).toBe(`Give the secret ${ways}.`)
  })
})

describe('binding', () => {
  it('puts arguments under the names of the operation', () => {
    const values = { api_key: 'k', nameFilter: 'n', identifier: [1], payload: { id: 2 } }
    expect(createArgumentBinder(operation, tool)(values, none)).toEqual({
      input: { header: { key: 'k' }, query: { 'filter[name]': 'n' }, path: { id: [1] }, body: { id: 2 } },
      violations: [],
    })
  })

  it('takes a credential that is no argument from its source, and nothing else', () => {
    const { input } = createArgumentBinder(operation, tool)({}, ({ name }) => `source of ${name}`)
    expect(input).toEqual({ header: { key: 'source of key' }, query: {}, path: {} })
  })

  it('does not take inherited members for arguments', () => {
    const inherits: Record<string, unknown> = Object.create({ nameFilter: 'n' })
    expect(createArgumentBinder(operation, tool)(inherits, none).input.query).toEqual({})
  })

  it('does not know an argument by the name of the operation', () => {
    const { violations } = createArgumentBinder(operation, tool)({ 'filter[name]': 'n', id: 7 }, none)
    expect(violations.map(({ location }) => location)).toEqual(['"filter[name]"', 'id'])
  })

  const nullable = { type: ['integer', 'null'] }
  const integer = { type: 'integer' }
  const whole = (schema: object, type?: string) => ({ body: createBody(schema, false, type) })
  const query = (more: object) => ({
    parameters: [readParameter({ name: 'one', in: 'query', required: false, ...more })],
  })
  const written = (schema: object) => query({ content: { 'application/json': { schema } } })

  it.each<[string, Partial<Operation>, boolean]>([
    ['a body that may be null', whole(nullable), true],
    ['a nullable body', whole({ type: 'object', nullable: true }), true],
    ['a body of a choice', whole({ anyOf: [{ type: 'object' }, { type: 'null' }] }), true],
    ['a merge patch', whole(nullable, 'application/merge-patch+json'), true],
    ['a body of any value', whole({}), true],
    ['a body that is never null', whole(integer), false],
    ['a body that is joined of what is never null', whole({ ...nullable, allOf: [integer] }), false],
    ['a form', whole({ type: ['object', 'null'] }, 'application/x-www-form-urlencoded'), false],
    ['a text', whole({ type: ['string', 'null'] }, 'text/plain'), false],
    ['a parameter in JSON', written(nullable), true],
    ['a parameter in JSON that is never null', written(integer), false],
    ['a parameter, in which null has no spelling', query({ schema: nullable }), false],
  ])('reads null of an optional argument as its value where JSON has it: %s', (_, part, isSent) => {
    const { body: _body, ...rest } = operation
    const names = { ...tool, arguments: { one: 'one', body: 'body' } }
    const bind = createArgumentBinder({ ...rest, parameters: [], ...part }, names)
    const { input } = bind(part.body ? { body: null } : { one: null }, none)
    const expected = part.body ? { body: null } : { query: { one: null } }
    expect(input).toEqual({ path: {}, query: {}, header: {}, ...(isSent && expected) })
  })

  it('reads null of a pinned argument as left out', () => {
    const { parameters } = written(nullable)
    const bind = createArgumentBinder(
      { ...operation, parameters },
      { ...tool, arguments: { one: 'one' } },
      new Map(parameters.map((one) => [one, 7])),
    )
    expect(bind({ one: null }, none).input.query).toEqual({ one: 7 })
  })

  it.each<[string, JsonSchema]>([
    ['a choice', { oneOf: [member('bark'), member('meow')] }],
    ['another choice', { anyOf: [member('bark'), { allOf: [member('meow')] }] }],
    ['a part', { allOf: [member('bark'), member('meow')] }],
    ['a part beside its own', { ...member('bark'), allOf: [member('meow')] }],
    ['a reference', { $ref: '#/$defs/Cat', $defs: { Cat: member('meow') } }],
    ['a choice that refers', { oneOf: [{ $ref: '#/$defs/Cat' }], $defs: { Cat: member('meow') } }],
    ['a condition', { if: member('bark'), else: member('meow') }],
  ])('sends a member of the body to where it belongs, also by %s', (_, schema) => {
    const body = { ...createBody({}), schema }
    const bind = createArgumentBinder({ ...operation, body }, tool)
    const { violations } = bind({ meow: true, other: true }, none)
    expect(violations.map(({ location, message }) => `${location} ${message}`)).toEqual([
      'meow belongs in payload: give it as payload.meow',
      'other is not known here; known are api_key, nameFilter, identifier, payload',
    ])
  })

  it('names twenty unknown arguments, and no more', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`other${index}`, 1]))
    expect(createArgumentBinder(operation, tool)(many, none).violations).toHaveLength(20)
  })

  it('shortens a long unknown name', () => {
    const [violation] = createArgumentBinder(operation, tool)({ ['x'.repeat(5000)]: 1 }, none).violations
    expect(violation?.location.length).toBeLessThan(80)
  })
})

describe('a violation', () => {
  it('is located by the name of the argument, however deep it lies', () => {
    const [checked] = compileOperations([operation])
    const input = {
      header: { key: 7 },
      query: { 'filter[name]': 7 },
      path: { id: [1, 'x'] },
      body: { id: 'x' },
    }
    const located = checked?.validate(input).map((one) => locateByArgument(operation, tool, one).location)
    expect(located?.sort()).toEqual(['api_key', 'identifier[1]', 'nameFilter', 'payload.id'])
  })

  it('of one argument is not taken for that of another whose name it begins with', () => {
    const [list] = operations
    const violation = { location: 'query.limits', rule: 'x', message: '' }
    expect(list?.tool && locateByArgument(list, list.tool, violation).location).toBe('query.limits')
  })
})
