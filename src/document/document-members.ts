/** Members of an OpenAPI document whose values are data: what looks like a keyword there is none. */
export const dataMembers: ReadonlySet<string> = new Set([
  'example',
  'examples',
  'default',
  'enum',
  'const',
  'value',
])

/** Keywords that are about a value, of which they check nothing (JSON Schema Validation, §9). */
export const annotationKeywords: ReadonlySet<string> = new Set([
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
])

/** Keywords of a schema that hold others by name. */
export const schemasByName = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']

/** Keywords of a schema that hold a list of others. */
export const schemaLists = ['allOf', 'anyOf', 'oneOf', 'prefixItems']

/** Keywords of a schema that hold one other. */
export const singleSchemas = [
  ...['items', 'additionalProperties', 'unevaluatedItems', 'unevaluatedProperties', 'propertyNames'],
  ...['contains', 'not', 'if', 'then', 'else'],
]

/** Members that hold things by names of the author's choice, none of which is a keyword. */
export const namedMembers: ReadonlySet<string> = new Set([
  ...schemasByName,
  ...['schemas', 'responses', 'headers', 'parameters', 'requestBodies', 'links', 'callbacks', 'pathItems'],
  'encoding',
  ...['securitySchemes', 'mediaTypes'],
])
