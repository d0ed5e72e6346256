import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { inlineReferences, readDocument } from '../../src/contract/document.ts'
import { annotations, formats } from '../../src/contract/formats.ts'
import { readOperations } from '../../src/contract/operations.ts'
import { toJsonSchema } from '../../src/contract/schema.ts'
import { errorCatalogue } from '../../src/error-catalogue.ts'
import { GatewayError, type Problem } from '../../src/errors.ts'

const document = readDocument()
const operations = readOperations(document)
const capability = parse(
  readFileSync(new URL('../../openapi/capability.yaml', import.meta.url), 'utf8'),
).capability
const [rest] = capability.exposes

interface Example {
  readonly place: string
  readonly schema: object
  readonly value: unknown
}

/** Every example beside a schema, anywhere below a part of the document. */
function listExamples(part: unknown, place = ''): Example[] {
  if (typeof part !== 'object' || part === null) return []
  const {
    schema,
    example,
    examples = {},
  } = { ...part } as { schema?: object; example?: unknown; examples?: object }
  const named = Object.entries(examples).map(([name, one]) => [`${place} ${name}`, Object(one).value])
  const found = schema ? [...(example === undefined ? [] : [[place, example]]), ...named] : []
  return [
    ...found.map(([where, value]) => ({ place: String(where), schema: { ...schema }, value })),
    ...Object.entries(part).flatMap(([name, one]) => listExamples(one, `${place}/${name}`)),
  ]
}

const examples = listExamples(inlineReferences(document, document.paths))

describe('the document', () => {
  test('is OpenAPI 3.0.3 below /v1', () => {
    expect([document.openapi, document.servers]).toEqual(['3.0.3', [{ url: '/v1' }]])
  })

  test('exposes every operation at /v1 and its upstream path, up to the case of variables', () => {
    const fold = (path: string) => path.replaceAll(/\{[^}]+\}/g, (variable) => variable.toLowerCase())
    expect(operations).toHaveLength(7)
    for (const { restPath, path } of operations) expect(fold(restPath)).toBe(`/v1${fold(path)}`)
  })

  test('has the exposed paths and methods of the capability', () => {
    const exposed = rest.resources.flatMap(
      ({ path, operations: all }: { path: string; operations: { method: string }[] }) =>
        all.map(({ method }) => `${method} ${path}`),
    )
    expect(operations.map(({ method, restPath }) => `${method} ${restPath}`).sort()).toEqual(exposed.sort())
  })

  test('lets an API key stand in for the secret on all operations but refresh', () => {
    const refusing = operations.filter(({ acceptsApiKey }) => !acceptsApiKey)
    expect(refusing.map(({ id }) => id)).toEqual(['oauthflowcontrollerrefreshtokens'])
  })
})

describe('every example', () => {
  const ajv = new Ajv({ strictTypes: false })
  for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
  for (const name of annotations) ajv.addFormat(name, true)

  test('is found', () => {
    expect(examples.length).toBeGreaterThan(300)
  })

  test.each(examples)('passes its own schema: $place', ({ schema, value }) => {
    const check = ajv.compile(toJsonSchema(schema))
    expect(check(value), JSON.stringify(check.errors)).toBe(true)
  })

  const problems = examples.filter(
    ({ place }) => place.includes('problem+json') || place.includes('problem~1json'),
  )

  test('of the gateway is an error it raises', () => {
    expect(problems.length).toBeGreaterThan(30)
    for (const { place, value } of problems) {
      const { code, detail, errors }: Problem = { ...Object(value) }
      expect(Object.keys(errorCatalogue)).toContain(code)
      expect(place).toContain(`/responses/${errorCatalogue[code].status}/`)
      const raised = new GatewayError(code, errors ? { detail, violations: errors } : {}).toProblem()
      expect(value).toEqual(raised)
    }
  })
})

describe('what Cal.com takes', () => {
  const find = (id: string) => {
    const operation = operations.find((one) => one.id.endsWith(id))
    if (!operation) throw new Error(`no operation ${id}`)
    return operation
  }
  const schemaOf = (id: string, name: string) => find(id).parameters.find((one) => one.name === name)?.schema

  test.each([
    ['getmanagedusers', 'limit', { type: 'integer', minimum: 1, maximum: 250, default: 50 }],
    ['getmanagedusers', 'offset', { type: 'integer', minimum: 0, maximum: 250, default: 0 }],
    ['getuserbyid', 'userId', { type: 'integer', minimum: 1, maximum: 2147483647 }],
    ['deleteuser', 'clientId', { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' }],
  ])('%s bounds %s', (id, name, schema) => {
    expect(schemaOf(id, name)).toEqual(schema)
  })

  test('emails are a list of at least one address without a comma', () => {
    expect(schemaOf('getmanagedusers', 'emails')).toMatchObject({
      type: 'array',
      minItems: 1,
      items: { type: 'string', format: 'email', pattern: '^[^,\\s]+$' },
    })
  })

  test('metadata has 50 keys of 40 characters and texts of 500', () => {
    expect(Object(find('createuser').body?.schema.properties).metadata).toMatchObject({
      maxProperties: 50,
      propertyNames: { maxLength: 40 },
      additionalProperties: {
        oneOf: [{ type: 'string', maxLength: 500 }, { type: 'number' }, { type: 'boolean' }],
      },
    })
  })

  test.each([
    ['createuser', ['timeFormat', 'locale', 'avatarUrl', 'bio']],
    ['updateuser', ['name', 'timeFormat', 'locale', 'avatarUrl', 'bio', 'defaultScheduleId']],
  ])('%s takes null for %j and nothing else', (id, names) => {
    const properties = Object.entries(Object(find(id).body?.schema.properties))
    const nullable = properties.filter(([, schema]) => [Object(schema).type].flat().includes('null'))
    expect(nullable.map(([name]) => name)).toEqual(names)
  })

  test('the choices are those of Cal.com, and null where it clears', () => {
    const { timeFormat, weekStart, locale } = Object(find('createuser').body?.schema.properties)
    expect(timeFormat.enum).toEqual([12, 24, null])
    expect(weekStart.enum).toEqual([
      'Monday',
      'Tuesday',
      'Wednesday',
      'Thursday',
      'Friday',
      'Saturday',
      'Sunday',
    ])
    expect(locale.enum).toHaveLength(44)
    expect(locale.enum).toEqual(expect.arrayContaining(['no', 'es-419', 'zh-TW', null]))
  })

  test('creation answers 201, the rest 200', () => {
    expect(operations.map(({ id, success }) => [id.replace(/^.*controller/, ''), success.status])).toEqual([
      ['getmanagedusers', 200],
      ['createuser', 201],
      ['getuserbyid', 200],
      ['updateuser', 200],
      ['deleteuser', 200],
      ['forcerefresh', 200],
      ['refreshtokens', 200],
    ])
  })
})

describe('a reference', () => {
  const broken = {
    openapi: '3.0.3',
    paths: {},
    components: { a: { $ref: '#/components/a' }, 'b/c': { type: 'string' } },
  }

  test('is replaced by what it names', () => {
    expect(inlineReferences(broken, [{ $ref: '#/components/b~1c' }])).toEqual([{ type: 'string' }])
  })

  test('that leads nowhere is refused', () => {
    expect(() => inlineReferences(broken, { $ref: '#/components/x' })).toThrow('leads nowhere')
  })

  test('that leads back to itself is refused', () => {
    expect(() => inlineReferences(broken, { $ref: '#/components/a' })).toThrow('leads back to itself')
  })
})

test.each([
  [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
  [
    { type: 'integer', enum: [12, 24], nullable: true },
    { type: ['integer', 'null'], enum: [12, 24, null] },
  ],
  [
    { nullable: true, oneOf: [{ type: 'string', example: 'x' }] },
    { anyOf: [{ oneOf: [{ type: 'string' }] }, { type: 'null' }] },
  ],
  [
    { type: 'object', 'x-propertyNames': { maxLength: 4 } },
    { type: 'object', propertyNames: { maxLength: 4 } },
  ],
  [
    { type: 'object', properties: { example: { type: 'string', 'x-a': 1 } } },
    { type: 'object', properties: { example: { type: 'string' } } },
  ],
])('the OpenAPI schema %j becomes the JSON Schema %j', (schema, expected) => {
  expect(toJsonSchema(schema)).toEqual(expected)
})
