import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { parseExactly } from '../../src/document/exact-numbers.ts'
import { type Operation, readOperations } from '../../src/document/operations.ts'
import { readText } from '../../src/document/parameter-reading.ts'
import { type Parameter, readParameter } from '../../src/document/parameters.ts'
import { type CallInput, compileOperations } from '../../src/document/validation.ts'
import { readShape } from '../../src/document/value-shape.ts'
import { createBody } from '../support/operation.ts'

const parameter = (name: string, place: Parameter['in'], rest: object = {}): Parameter => ({
  ...readParameter({ name, in: place, schema: { type: 'string' }, ...rest }),
  isCredential: 'isCredential' in rest,
})

const probe: Operation = {
  id: 'probe',
  method: 'PUT',
  path: '/probe/{id}',
  restPath: '/v1/probe/{id}',
  summary: '',
  parameters: [
    parameter('id', 'path', { required: true, schema: { type: 'integer' } }),
    parameter('sort', 'query', { required: true }),
    parameter('limit', 'query', { schema: { type: 'integer', default: 50 } }),
    parameter('x-secret', 'header', { required: true, isCredential: true }),
    parameter('x-trace', 'header', { required: true }),
  ],
  body: createBody({ type: 'object', properties: { size: { type: 'integer', default: 1 } } }, true),
  responses: [],
  success: { status: 200, schema: {} },
  security: [],
}

const call = { path: { id: 1 }, query: { sort: 'up' }, header: { 'x-trace': 'a' }, body: {} }

/** Where the violations of a call are. */
function placesOf(input: Partial<CallInput>, operation: Operation = probe): string[] | undefined {
  const [checked] = compileOperations([operation])
  return checked?.validate({ ...call, ...input }).map(({ location }) => location)
}

describe('a call', () => {
  test('that keeps to the contract has no violations', () => {
    expect(placesOf({})).toEqual([])
  })

  test('without its credential has none either: that is for the credentials', () => {
    expect(placesOf({ header: { 'x-trace': 'a' } })).toEqual([])
  })

  test('without anything else that is required is refused for each', () => {
    expect(placesOf({ path: {}, query: {}, header: {}, body: undefined })?.sort()).toEqual([
      'body',
      'header.x-trace',
      'path.id',
      'query.sort',
    ])
  })

  test('with what is not described is refused for each', () => {
    const input = {
      path: { id: 1, name: 'a' },
      query: { sort: 'up', order: 'x' },
      header: { 'x-trace': 'a', cookie: 'b' },
    }
    expect(placesOf(input)?.sort()).toEqual(['header.cookie', 'path.name', 'query.order'])
  })

  test('with a body for an operation that takes none is refused', () => {
    const { body: _body, ...bodiless } = probe
    expect(placesOf({ body: {} }, bodiless)).toEqual(['body'])
  })

  test('without a body is fine where it is optional', () => {
    const { body: _body, ...withoutBody } = call
    const [checked] = compileOperations([{ ...probe, body: createBody({}, false) }])
    expect(checked?.validate(withoutBody)).toEqual([])
  })

  test.each([
    ['a text for a number', { path: { id: '1' } }, ['path.id']],
    ['a number for a text', { query: { sort: 1 } }, ['query.sort']],
    ['one value for a list', { query: { sort: ['up'] } }, ['query.sort']],
  ])('with %s is refused: nothing is coerced', (_title, input, places) => {
    expect(placesOf(input)).toEqual(places)
  })
})

describe('a whole number beyond 2^53', () => {
  /** Whether a query parameter of a schema takes a number, which is read as REST reads it and as MCP does. */
  const takes = (schema: object, text: string): boolean[] => {
    const described = parameter('n', 'query', { schema })
    const operation = { ...probe, parameters: [...probe.parameters, described] }
    return [readText(text, readShape(described.schema)), parseExactly(text)].map(
      (n) => placesOf({ query: { sort: 'up', n } }, operation)?.length === 0,
    )
  }

  test.each<[object, string, boolean]>([
    [{}, '9007199254740993', true],
    [{ format: 'int64' }, '9007199254740992', true],
    [{ format: 'int64' }, '-9223372036854775807', true],
    [{ format: 'int64' }, '9223372036854775807', true],
    [{ format: 'int64' }, '9223372036854775808', false],
    [{ format: 'int64' }, '-9223372036854775809', false],
    [{ format: 'int32' }, '9007199254740993', false],
    [{ minimum: 1, maximum: 2 ** 63 }, '9223372036854775807', true],
    [{ maximum: 2 ** 63 }, '9223372036854775809', false],
    [{ maximum: 2 ** 53 }, '9007199254740993', false],
    [{ exclusiveMaximum: 2 ** 53 + 2 }, '9007199254740993', false],
    [{ minimum: 2 ** 53 + 2 }, '9007199254740993', false],
    [{ maximum: Number.MAX_SAFE_INTEGER }, '9007199254740992', false],
    [{ minimum: -(2 ** 53) }, '-9007199254740993', false],
    [{ enum: [2 ** 53] }, '9007199254740993', false],
    [{ enum: [2 ** 53] }, '9007199254740992', false],
    [{ const: 2 ** 53 }, '9007199254740993', false],
    [{ not: { enum: [2 ** 53] } }, '9007199254740992', false],
    [{ enum: [1, 2] }, '9007199254740993', false],
  ])('passes %j as %s: %s', (schema, text, isTaken) => {
    expect(takes({ type: 'integer', ...schema }, text)).toEqual([isTaken, isTaken])
  })

  test('is no object and no text', () => {
    for (const type of ['object', 'string', 'array', 'boolean'])
      expect(
        placesOf(
          { query: { sort: 'up', n: parseExactly('9007199254740993') } },
          {
            ...probe,
            parameters: [...probe.parameters, parameter('n', 'query', { schema: { type } })],
          },
        ),
      ).toEqual(['query.n'])
  })

  test('has 21 digits at most', () => {
    const n = parameter('n', 'query', { schema: { type: 'integer' } })
    const [checked] = compileOperations([{ ...probe, parameters: [...probe.parameters, n] }])
    expect(checked?.validate({ ...call, query: { sort: 'up', n: `1${'0'.repeat(21)}` } })).toEqual([
      { location: 'query.n', rule: 'type', message: 'must be an integer (got more than 21 digits)' },
    ])
  })

  test('is told without the number that it was checked as', () => {
    const n = parameter('n', 'query', { schema: { type: 'integer', maximum: 10 } })
    const [checked] = compileOperations([{ ...probe, parameters: [...probe.parameters, n] }])
    const input = { ...call, query: { sort: 'up', n: parseExactly('9007199254740993') } }
    expect(checked?.validate(input)).toEqual([
      { location: 'query.n', rule: 'maximum', message: 'must be an integer of at most 10' },
    ])
  })
})

test('a call comes out of its check as it went in, without defaults and with what is unknown', () => {
  const operations = compileOperations([...readOperations(readDocument()), probe])
  const value = fc.dictionary(
    fc.constantFrom('limit', 'sort', 'id', 'userId', 'size', 'name', 'other'),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...operations),
      fc.tuple(value, value, value, value),
      ({ validate }, parts) => {
        const [path, query, header, body] = parts
        const input = { path, query, header, body }
        const before = structuredClone(input)
        validate(input)
        expect(input).toEqual(before)
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

test('a schema that does not compile allows any value, is reported once, and spares the others', () => {
  const odd = { ...parameter('odd', 'query'), schema: { pattern: '(' } }
  const reported: string[] = []
  const [checked] = compileOperations([{ ...probe, parameters: [odd, ...probe.parameters] }], (id) =>
    reported.push(id),
  )
  expect(reported).toEqual([])
  expect(checked?.validate({ ...call, path: { id: 'x' } }).map(({ location }) => location)).toEqual([
    'path.id',
  ])
  expect(reported).toEqual(['probe'])
})
