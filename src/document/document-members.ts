/** Members of an OpenAPI document whose values are data: what looks like a keyword there is none. */
export const dataMembers: ReadonlySet<string> = new Set([
  'example',
  'examples',
  'default',
  'enum',
  'const',
  'value',
])

/** Members that hold things by names of the author's choice, none of which is a keyword. */
export const namedMembers: ReadonlySet<string> = new Set([
  ...['properties', 'patternProperties', '$defs', 'definitions', 'schemas', 'dependentSchemas'],
  ...['responses', 'headers', 'parameters', 'requestBodies', 'links', 'callbacks', 'pathItems', 'encoding'],
  ...['securitySchemes', 'mediaTypes'],
])
