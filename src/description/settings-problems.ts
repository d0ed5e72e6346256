import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { findNearest } from '../config/nearest-name.ts'
import type { Settings } from '../config/settings.ts'
import { createSettingsSchema } from '../config/settings-schema.ts'
import { isBaseUrl } from '../config/urls.ts'
import { asRecord } from '../document/json.ts'
import { splitPointer } from '../document/json-pointer.ts'
import { onceFor } from '../document/once.ts'
import { describeType, formOptions, toFindings } from './form-problems.ts'
import { describeNames, type Finding } from './problem.ts'

/** Settings as they are written, or every problem with them, without a value: it may be a secret. */
export interface CheckedSettings {
  readonly settings?: Settings
  readonly findings: readonly Finding[]
}

const compileCheck = onceFor((createSchema: () => object) => {
  const options = { ...formOptions, strict: false, formats: { uri: isBaseUrl } }
  return new Ajv2020(options).compile<Settings>(createSchema())
})

/** Checks settings against their schema, without another that of a settings file, which editors use. */
export function checkSettings(
  value: unknown,
  createSchema: () => object = createSettingsSchema,
): CheckedSettings {
  const check = compileCheck(createSchema)
  if (check(value)) return { settings: value, findings: [] }
  // What an alternative of two requires says enough.
  const errors = (check.errors ?? []).filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'maxItems')
  return { findings: errors.flatMap(toSettingFindings) }
}

function toSettingFindings(error: ErrorObject): readonly Finding[] {
  const { keyword, instancePath, params, parentSchema } = error
  const path = splitPointer(instancePath)
  const { additionalProperty, property, missingProperty } = asRecord(params)
  const name = (member: unknown) => [...path, String(member)].join('.')
  switch (keyword) {
    case 'additionalProperties':
      return [
        {
          path: [...path, String(additionalProperty)],
          message: `${name(additionalProperty)} is no setting`,
          expected: suggest(String(additionalProperty), parentSchema, path.length > 0),
        },
      ]
    case 'dependentRequired':
      return [
        {
          path: [...path, String(property)],
          message: `${name(property)} is about the ${missingProperty} of a description`,
          expected: `${missingProperty} beside it`,
        },
      ]
    case 'format':
    case 'pattern':
      return [
        {
          path,
          message: `${path.join('.')} has another form`,
          expected: String(asRecord(parentSchema).description).replace(/^./, (letter) =>
            letter.toLowerCase(),
          ),
        },
      ]
    case 'required':
      return [
        {
          path,
          message: `${path.join('.')} has no file`,
          expected: 'one: what calgate ships with is served alone',
        },
      ]
    default:
      return toFindings([error], describeType).map((one) => ({
        ...one,
        expected: explain(one.expected, parentSchema),
      }))
  }
}

/** Adds to the type of a setting what the setting is. */
function explain(expected: string, schema: unknown): string {
  const { description } = asRecord(schema)
  return description === undefined ? expected : `${expected}: ${description}`
}

/** The names of a description are few enough to be told. */
function suggest(name: string, schema: unknown, isOfDescription: boolean): string {
  const known = Object.keys(asRecord(asRecord(schema).properties))
  const folded = findNearest(
    name.toLowerCase(),
    known.map((one) => one.toLowerCase()),
  )
  const nearest = known.find((one) => one.toLowerCase() === folded)
  return nearest ?? (isOfDescription ? describeNames(known) : 'a setting that docs/configuration.md lists')
}
