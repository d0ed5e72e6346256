import { Ajv, type ErrorObject } from 'ajv'
import type { OpenApiDocument } from './document.ts'
import { annotations, formats } from './formats.ts'
import { asRecord } from './json.ts'
import type { JsonSchema } from './json-schema.ts'
import { type DocumentedResponse, readResponses } from './responses.ts'

/** One place where an answer and the document differ. Holds nothing of the answer but names of members. */
export interface Mismatch {
  /** `METHOD /path` of the document. */
  readonly operation: string
  readonly status: number | undefined
  /** JSON pointer (RFC 6901) into the answer's body; empty for the answer as a whole. */
  readonly pointer: string
  /** The pointer in names of the document alone: `*` for an index or a free key, `?` for a name it does not have. */
  readonly place: string
  /** The broken JSON Schema keyword, or `status`, `content-type`, `undocumented`. */
  readonly rule: string
  readonly message: string
  /** False for what the document allows without naming it: a member more. */
  readonly breaking: boolean
}

/** An answer as it arrived. */
export interface ReceivedResponse {
  readonly operation: string
  readonly status: number
  readonly type: string
  readonly body: unknown
}

/** Finds every difference between an answer and what the document says of it. */
export type Comparison = (answer: ReceivedResponse) => Mismatch[]

/** Prepares the comparison with a document; its schemas are compiled as answers come. */
export function createComparison(document: OpenApiDocument): Comparison {
  const ajv = new Ajv({ strict: false, allErrors: true })
  for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
  for (const name of annotations) ajv.addFormat(name, true)
  const answers = new Map(readResponses(document).map((one) => [`${one.operation} ${one.status}`, one]))
  return ({ operation, status, type, body }) => {
    const answer = answers.get(`${operation} ${status}`)
    const schema = answer ? chooseSchema(ajv, answer, body) : {}
    const depart = (pointer: string, rule: string, message: string, breaking = true): Mismatch => {
      const place = generalise(schema, pointer)
      return { operation, status, pointer, place, rule, message, breaking }
    }
    if (!answer) return [depart('', 'status', `status ${status} is not documented`)]
    const isJson = /^application\/json\s*(;|$)/i.test(type)
    const broken = [...mergeErrors(validate(ajv, schema, body))]
    return [
      ...(isJson ? [] : [depart('', 'content-type', 'must be application/json')]),
      ...broken.map(([pointer, { keyword, message }]) => depart(pointer, keyword, `${message}`)),
      ...listUndocumented(schema, body).map((pointer) =>
        depart(pointer, 'undocumented', 'is not named by the document', false),
      ),
    ]
  }
}

/** Of several shapes the one that fits best: the errors of the others would say nothing. */
function chooseSchema(ajv: Ajv, { schema }: DocumentedResponse, body: unknown): JsonSchema {
  const choices: JsonSchema[] = Array.isArray(schema.anyOf) ? schema.anyOf : [schema]
  if (choices.length < 2) return choices[0] ?? schema
  const counted = choices.map((one) => ({ one, errors: validate(ajv, one, body).length }))
  return counted.sort((a, b) => a.errors - b.errors)[0]?.one ?? schema
}

/** Ajv keeps what it has compiled, by the schema itself. */
function validate(ajv: Ajv, schema: JsonSchema, body: unknown): readonly ErrorObject[] {
  const check = ajv.compile(schema)
  return check(body) ? [] : (check.errors ?? [])
}

/** One error a place. What a choice says of itself says less than what its last alternative says. */
function mergeErrors(errors: readonly ErrorObject[]): Map<string, ErrorObject> {
  const places = new Map<string, ErrorObject>()
  for (const error of errors) {
    const { missingProperty, additionalProperty } = error.params
    const member = missingProperty ?? additionalProperty
    const pointer = member === undefined ? error.instancePath : `${error.instancePath}/${escapeName(member)}`
    if (error.keyword !== 'anyOf' || !places.has(pointer)) places.set(pointer, error)
  }
  return places
}

/** Members of objects that the schema describes by name, where it does not name these and takes others too. */
function listUndocumented(schema: JsonSchema, value: unknown, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const described = listAlternatives(schema).find((one) => one.properties ?? one.items) ?? {}
  const { properties, items, additionalProperties } = described
  if (Array.isArray(value) && items === undefined) return []
  if (Array.isArray(value))
    return value.flatMap((one, index) => listUndocumented(asRecord(items), one, `${pointer}/${index}`))
  if (properties === undefined) return []
  const known = asRecord(properties)
  return Object.entries(value).flatMap(([name, one]) => {
    const place = `${pointer}/${escapeName(name)}`
    if (known[name] !== undefined) return listUndocumented(asRecord(known[name]), one, place)
    return additionalProperties === undefined ? [place] : []
  })
}

/** What a value may be by a schema, choices within choices included. */
function listAlternatives(schema: JsonSchema): JsonSchema[] {
  const choices = ['anyOf', 'oneOf', 'allOf'].flatMap((keyword) => [schema[keyword] ?? []].flat())
  return [schema, ...choices.flatMap((one) => listAlternatives(asRecord(one)))]
}

/** Writes a pointer in names of the document alone, so that no answer can make up a new one. */
function generalise(schema: JsonSchema, pointer: string): string {
  let place = ''
  let here: JsonSchema = schema
  for (const segment of pointer.split('/').slice(1)) {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    const alternatives = listAlternatives(here)
    const named = alternatives.map(({ properties }) => asRecord(properties)[name]).find(Boolean)
    const free = alternatives.map(({ items, additionalProperties }) => items ?? additionalProperties)
    const open = free.find((one) => typeof one === 'object')
    if (named === undefined && open === undefined) return `${place}/?`
    place += named === undefined ? '/*' : `/${segment}`
    here = asRecord(named ?? open)
  }
  return place
}

/** RFC 6901 §4. */
function escapeName(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
