import { nameSetting } from './settings.ts'
import { variables } from './variables.ts'

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const named = (values: object) => ({ type: 'object', additionalProperties: values })

/** A secret is named in a settings file, never written there. */
const reference = {
  type: 'string',
  pattern: '^(file|env):.+$',
  description: '`file:PATH` or `env:VARIABLE`: where the value is, never the value',
}

/** The pattern of what references may begin with. */
export const referencePattern = '^(https?:/|file:/)?/'

const beginning = {
  type: 'string',
  pattern: referencePattern,
  description: 'Beginning of a URL, or of a whole path',
}

const description = {
  type: 'object',
  additionalProperties: false,
  // The shipped document has its own paths.
  dependentRequired: { prefix: ['file'] },
  properties: {
    file: { ...text, description: 'Capability or OpenAPI document; without one, what calgate ships with' },
    baseUrl: {
      ...text,
      format: 'uri',
      description: 'Address of the API, an http or https URL without user, query and fragment',
    },
    prefix: {
      ...text,
      pattern: '^(/[^/?#\\s{}]+)*$',
      description: 'Path such as /pets that stands before the paths on the REST server',
    },
    caFile: { ...text, description: 'File of PEM certificates to trust for the API' },
    credentials: { ...named(reference), description: 'Credentials by the names of security schemes' },
    pins: { ...named(text), description: 'The one value that is served of a parameter, by its name' },
  },
}

/**
 * Creates the JSON Schema of calgate.yaml (2020-12): the members that are about descriptions, and one for each variable
 * of the gateway.
 */
export function createSettingsSchema(described: object = description) {
  const fixed = Object.entries(variables).map(([variable, one]): [string, object] => [
    nameSetting(variable),
    { ...typeOf(one), description: `${one.description} (${variable})` },
  ])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'calgate.yaml',
    type: 'object',
    additionalProperties: false,
    properties: {
      descriptions: {
        type: 'array',
        items: described,
        // What calgate ships with is served alone.
        anyOf: [{ maxItems: 1 }, { items: { required: ['file'] } }],
        description: 'What is served',
      },
      overlays: { ...texts, description: 'Overlays that are applied to the descriptions' },
      schemas: { ...texts, description: 'OpenAPI documents that type capabilities' },
      serverVariables: { ...named(text), description: 'Values of variables of servers' },
      tags: { ...texts, description: 'Tags whose operations are served' },
      operations: { ...texts, description: 'Operations that are served' },
      exclude: { ...texts, description: 'Operations that are left out' },
      readOnly: { type: 'boolean', description: 'Whether only operations that change nothing are served' },
      allowReferences: { type: 'array', items: beginning, description: 'URLs that references may lead to' },
      strict: {
        type: 'boolean',
        description: 'Whether descriptions are refused of which anything is left out',
      },
      ...Object.fromEntries(fixed),
    },
  }
}

/** The schema of a description that a program gives: it may be a document, and its credentials are the values. */
const programDescription = {
  ...description,
  dependentRequired: { ...description.dependentRequired, name: ['document'] },
  properties: {
    ...description.properties,
    document: { type: 'object', description: 'OpenAPI document in place of a file' },
    name: { ...text, description: 'Names the variables and the prefix of a document' },
    credentials: named({
      ...text,
      pattern: '^(?!(?:file|env):)[^]+$',
      description: 'The credential itself, which is not empty and no reference such as env:VARIABLE',
    }),
    pins: named({ ...text, pattern: '.', description: 'The one value that is served, which is not empty' }),
  },
}

/** Creates the JSON Schema of the settings that a program gives in place of a file. */
export function createProgramSchema() {
  return createSettingsSchema(programDescription)
}

/** Returns the type of a variable in a file, by its default and what its sentence says of it. */
function typeOf({ default: value, description }: { readonly default: string; readonly description: string }) {
  if (/^\d+$/.test(value)) return { type: 'integer' }
  if (value === 'true' || value === 'false') return { type: 'boolean' }
  return description.includes('comma-separated') ? { type: ['array', 'string'], items: text } : text
}
