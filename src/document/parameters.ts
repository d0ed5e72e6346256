import { readExtensions } from './extensions.ts'
import { asRecord, asText } from './json.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'

/** A path, query or header parameter of an operation. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description: string
  /** What the value must satisfy once read from its text (`style: form, explode: false` arrays already split). */
  readonly schema: JsonSchema
  /** Header that the value is sent upstream in too, as the API asks whose call it is (`x-upstream-header`). */
  readonly upstreamHeader?: string
  /** There where the operator can pin the parameter to one value (`x-pin`). */
  readonly pin?: Pin
}

/** How a parameter is pinned. */
export interface Pin {
  /** Name of the security scheme whose credential belongs to the pinned value. */
  readonly credential?: string
}

/** Reads a Parameter Object without references. Throws a `TypeError` on a place that is not known. */
export function readParameter(part: unknown): Parameter {
  const { name, in: place, required, description, schema } = asRecord(part)
  if (place !== 'path' && place !== 'query' && place !== 'header')
    throw new TypeError(`the parameter ${name} is in ${place}; path, query and header are known`)
  const { 'x-upstream-header': upstreamHeader, 'x-pin': pin } = readExtensions(
    'parameter',
    part,
    `the parameter ${name}`,
  )
  return {
    name: String(name),
    in: place,
    required: required === true,
    description: asText(description),
    schema: toJsonSchema(schema),
    ...(upstreamHeader !== undefined && { upstreamHeader: upstreamHeader.toLowerCase() }),
    ...(pin && { pin }),
  }
}
