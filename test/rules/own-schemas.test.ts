import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { createSettingsSchema } from '../../src/config/settings-schema.ts'
import { capabilitySchema } from '../../src/description/capability/capability-schema.ts'
import { overlaySchema } from '../../src/description/overlay/overlay-schema.ts'
import { extensions } from '../../src/document/extensions.ts'

/** The schemas that the gateway compiles without a look at the metaschema. */
const schemas: readonly (readonly [string, object])[] = [
  ['capabilities', capabilitySchema],
  ['overlays', overlaySchema],
  ...Object.entries(extensions).map(([place, properties]): [string, object] => [
    `extensions of a ${place}`,
    { properties },
  ]),
]

test.each(schemas)('the schema of %s keeps to the metaschema', (_, schema) => {
  const ajv = new Ajv({ strict: false })
  expect([ajv.validateSchema(schema), ajv.errors]).toEqual([true, null])
})

test('the schema of a settings file keeps to the metaschema', () => {
  const ajv = new Ajv2020({ strict: false })
  expect([ajv.validateSchema(createSettingsSchema()), ajv.errors]).toEqual([true, null])
})
