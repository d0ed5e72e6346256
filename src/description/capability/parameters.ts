import type { ExposedParameter, InputParameter, ValueType } from './capability-file.ts'
import { type ExposedConsumed, readBindings } from './exposures.ts'

/** Derives the Parameter Object of an input parameter. An object in a query is written `name[member]=value`. */
export function deriveParameter(parameter: InputParameter, source: ExposedConsumed): object {
  const { name, in: place } = parameter
  const { type, description, required, pattern } = describe(parameter, source)
  return {
    name,
    in: place,
    required: required || place === 'path',
    ...(description && { description }),
    ...(type === 'object' && place === 'query' && { style: 'deepObject', explode: true }),
    schema: {
      ...describeType(type, pattern),
      ...(place === 'header' && /^authorization$/i.test(name) && { format: 'password' }),
    },
  }
}

/** Derives the Request Body Object: without a constant `Content-Type`, a text is sent as text, everything else as JSON. */
export function deriveBody(body: InputParameter, source: ExposedConsumed): object {
  const { type, description, required, pattern } = describe({ type: 'object', ...body }, source)
  const { contentType = type === 'string' ? 'text/plain' : 'application/json' } = source.consumed.constants
  return {
    ...(description && { description }),
    required,
    content: { [contentType]: { schema: describeType(type, pattern) } },
  }
}

function describeType(type: ValueType, pattern: string | undefined): object {
  if (type === 'array') return { type, items: {} }
  return { type, ...(type === 'string' && pattern !== undefined && { pattern }) }
}

interface ParameterDescription {
  readonly type: ValueType
  readonly description?: string | undefined
  readonly required: boolean
  readonly pattern?: string | undefined
}

/** What the consumed side leaves open, a surface may say of the name that it binds. */
function describe(parameter: InputParameter, source: ExposedConsumed): ParameterDescription {
  const exposed = [source.tool, source.route].flatMap((exposure): readonly ExposedParameter[] => {
    if (!exposure) return []
    const bound = readBindings(exposure).find((one) => one.parameter === parameter.name)?.source
    return exposure.exposed.inputParameters?.filter(({ name }) => name === bound) ?? []
  })
  const find = <Key extends keyof ExposedParameter>(key: Key) =>
    exposed.find((one) => one[key] !== undefined)?.[key]
  return {
    type: parameter.type ?? find('type') ?? 'string',
    description: parameter.description ?? find('description'),
    required: parameter.required ?? find('required') ?? false,
    pattern: parameter.pattern ?? find('pattern'),
  }
}
