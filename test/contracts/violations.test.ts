import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateArguments, readArguments } from '../../contracts/generators.ts'
import { readRequirements } from '../../contracts/requirements.ts'
import { toDraft07 } from '../../contracts/rest/json-schema.ts'
import { setArgument } from '../../contracts/values.ts'
import { listViolations } from '../../contracts/violations.ts'
import { readDocument } from '../../src/document/document.ts'

const document = readDocument()
const { operations } = readRequirements()

const ajv = new Ajv({ strict: false, allErrors: true })
formats.default(ajv)

/** An independent reading of what the document allows; time zones and key lengths are no business of draft-07. */
function compile(described: ReturnType<typeof readArguments>) {
  const fields = described.map(({ name, schema }) => [name, toDraft07(schema, document)])
  const required = described.filter((one) => one.required && one.in !== 'header').map(({ name }) => name)
  return ajv.compile({ type: 'object', required, properties: Object.fromEntries(fields) })
}

describe.each(operations)('the generator for $name', (operation) => {
  const described = readArguments(document, operation)
  const validate = compile(described)

  it('reads every argument of the capability', () => {
    expect(described.map(({ name }) => name).sort()).toEqual([...operation.arguments].sort())
  })

  it('makes only calls that the document allows', () => {
    const calls = fc.sample(generateArguments(described), { seed: 7, numRuns: 30 })
    expect(calls.filter((call) => !validate(call))).toEqual([])
  })

  it('breaks a constraint with each violation', () => {
    const [valid = {}] = fc.sample(generateArguments(described), { seed: 7, numRuns: 1 })
    const blind = ['propertyNames', 'format']
    const harmless = listViolations(described)
      .filter(({ keyword }) => !blind.includes(keyword))
      .filter(({ place, value }) => validate(setArgument(valid, place, value)))
    expect(harmless).toEqual([])
  })
})

describe('violations', () => {
  it('break every constraint there is', () => {
    const keywords = new Set(
      operations
        .flatMap((operation) => listViolations(readArguments(document, operation)))
        .map(({ keyword }) => keyword.replace(/^(items|oneOf)\./, '')),
    )
    expect([...keywords].sort()).toEqual([
      'additionalProperties',
      'enum',
      'format',
      'maxLength',
      'maxProperties',
      'maximum',
      'minItems',
      'minLength',
      'minimum',
      'nullable',
      'pattern',
      'propertyNames',
      'required',
      'type',
    ])
  })

  it('of a bound lie just beyond it', () => {
    const schema = { type: 'integer', minimum: 1, maximum: 250 }
    const values = listViolations([{ name: 'limit', in: 'query', required: false, schema }])
      .filter(({ keyword }) => /imum$/.test(keyword))
      .map(({ value }) => value)
    expect(values).toEqual([0, 251])
  })
})
