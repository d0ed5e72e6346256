import { Ajv, type ValidateFunction } from 'ajv'
import { describe, expect, test } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { annotations, formats, numberFormats } from '../../src/document/formats.ts'
import { asRecord } from '../../src/document/json.ts'
import { readOperations } from '../../src/document/operations.ts'
import { toJsonSchema } from '../../src/document/schema-reader.ts'
import { compileOperations } from '../../src/document/validation.ts'
import { errorCatalogue } from '../../src/errors/catalogue.ts'
import { type ErrorCode, GatewayError, type Violation } from '../../src/errors/gateway-error.ts'
import { inlineReferences } from '../support/inlined-references.ts'

const document = readDocument()

interface Example {
  readonly place: string
  readonly schema: unknown
  readonly value: unknown
}

/**
 * Every example below a part of the document, with the schema it illustrates: beside a `schema` (parameters, media
 * types, headers), or inside of a schema.
 */
function listExamples(part: unknown, place: string, isSchema: boolean): Example[] {
  if (typeof part !== 'object' || part === null) return []
  const { schema, example, examples } = asRecord(part)
  const subject = isSchema ? part : schema
  const one =
    example !== undefined && subject !== undefined ? [{ place, schema: subject, value: example }] : []
  const named = Object.entries(asRecord(isSchema ? undefined : examples)).map(([name, item]) => ({
    place: `${place} ${name}`,
    schema,
    value: asRecord(item).value,
  }))
  const below = Object.entries(part).flatMap(([name, child]) => {
    if (name === 'example' || name === 'examples') return []
    const isGroup = isSchema && name === 'properties'
    return isGroup
      ? Object.entries(asRecord(child)).flatMap(([key, item]) =>
          listExamples(item, `${place}/properties/${key}`, true),
        )
      : listExamples(child, `${place}/${name}`, isSchema || name === 'schema')
  })
  return [...one, ...named, ...below]
}

const examples = listExamples(inlineReferences(document, document.paths), '', false)
const problems = examples.filter(({ place }) => place.includes('application/problem+json'))

describe('an example', () => {
  const ajv = new Ajv({ strictTypes: false })
  for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
  for (const [name, { check }] of Object.entries(numberFormats))
    ajv.addFormat(name, { type: 'number', validate: check })
  for (const name of annotations) ajv.addFormat(name, true)
  ajv.addKeyword('x-secret')
  const checks = new Map<string, ValidateFunction>()
  /** Most examples are of a schema that others are of too. */
  const compile = (schema: object) => {
    const text = JSON.stringify(schema)
    const check = checks.get(text) ?? ajv.compile(schema)
    checks.set(text, check)
    return check
  }

  test('stands at every kind of place', () => {
    const kinds = [
      /\/parameters\/\d+$/,
      /\/requestBody\/.*json$/,
      /\/responses\/2\d\d\/.*json$/,
      /\/headers\/[^/]+$/,
      /\/schema\/properties\//,
      /problem\+json \w+$/,
    ]
    for (const kind of kinds)
      expect(examples.filter(({ place }) => kind.test(place)).length, `${kind}`).toBeGreaterThan(1)
  })

  test.each(examples)('passes its own schema: $place', ({ schema, value }) => {
    const check = compile(toJsonSchema(schema))
    expect(check(value), JSON.stringify(check.errors)).toBe(true)
  })

  test('that breaks its schema would be seen', () => {
    const planted = { schema: { type: 'object', properties: { a: { type: 'integer', example: 'one' } } } }
    const [found] = listExamples(planted, '', false)
    expect(found?.place).toBe('/schema/properties/a')
    expect(ajv.compile(toJsonSchema(found?.schema))(found?.value)).toBe(false)
  })

  test('is given for every body, of requests and of answers', () => {
    const bodies = Object.values(document.paths).flatMap((item) =>
      Object.values(item).flatMap((operation) => {
        const { requestBody, responses } = asRecord(inlineReferences(document, operation))
        return [requestBody, ...Object.values(asRecord(responses))].flatMap((part) =>
          Object.values(asRecord(asRecord(part).content)).map(asRecord),
        )
      }),
    )
    expect(bodies.length).toBeGreaterThan(100)
    expect(
      bodies.filter(({ example, examples: named }) => example === undefined && named === undefined),
    ).toEqual([])
  })

  test('in the components is used by an operation', () => {
    const components = asRecord(document.components)
    const text = JSON.stringify({ paths: document.paths, responses: components.responses })
    const unused = Object.keys(asRecord(components.examples)).filter(
      (name) => !text.includes(`"#/components/examples/${name}"`),
    )
    expect(unused).toEqual([])
  })
})

/** What the gateway says of one occurrence, where it says more than its catalogue does. */
const details: Readonly<Record<string, string>> = {
  missing_credentials: 'Send the credential as the header `x-cal-secret-key`.',
  value_not_served: 'This gateway serves one value of clientId; leave it out where you can, or use that one.',
  upstream_rate_limited: 'The upstream wants no call of this client for another 60 seconds.',
  insufficient_scope: 'This call takes the scope managed-users:tokens, which this client has not been given.',
}

function raise(code: ErrorCode, violations: readonly Violation[]): unknown {
  const [first] = violations
  const detail = first ? `${first.location} ${first.message}` : details[code]
  return new GatewayError(code, { violations, ...(detail !== undefined && { detail }) }).toProblem()
}

describe('an example of a problem', () => {
  const [list] = compileOperations(readOperations(document))
  const tooMany = list?.validate({ path: { clientId: 'a' }, query: { limit: 300 }, header: {} }) ?? []

  test('is there for every operation', () => {
    expect(problems.length).toBeGreaterThan(7 * 5)
  })

  test.each(problems)('is what the gateway raises: $place', ({ place, value }) => {
    const { code } = asRecord(value)
    const known = Object.entries(errorCatalogue).find(([name]) => name === code)
    expect(known, `${code} is in the catalogue`).toBeDefined()
    expect(place).toContain(`/responses/${known?.[1].status}/`)
    expect(place.endsWith(` ${code}`)).toBe(true)
    expect(value).toEqual(raise(code as ErrorCode, code === 'invalid_argument' ? tooMany : []))
  })
})
