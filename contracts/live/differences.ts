import { Ajv, type ErrorObject } from 'ajv'
import formats from 'ajv-formats'
import { type Answer, listAnswers } from '../rest/answers.ts'
import type { JsonObject } from '../rest/json-schema.ts'

/** One place where an upstream and the document differ. Holds nothing of the answer but names of members. */
export interface Difference {
  /** `METHOD /path` of the document. */
  readonly operation: string
  readonly status: number | undefined
  /** JSON pointer (RFC 6901) into the answer's body; empty for the answer as a whole. */
  readonly pointer: string
  /** The broken JSON Schema keyword, or `status`, `content-type`, `undocumented`. */
  readonly rule: string
  readonly message: string
  /** False for what the document allows without naming it: a member more. */
  readonly breaking: boolean
}

/** An answer as it arrived. */
export interface ArrivedAnswer {
  readonly operation: string
  readonly status: number
  readonly type: string
  readonly body: unknown
}

/** Finds every difference between an answer and what the document says of it. */
export type Comparison = (answer: ArrivedAnswer) => Difference[]

/** Prepares the comparison with a document. */
export function createComparison(document: JsonObject): Comparison {
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats.default(ajv)
  const answers = listAnswers(document).filter(({ mediaType }) => mediaType === 'application/json')
  return ({ operation, status, type, body }) => {
    const difference = (pointer: string, rule: string, message: string, breaking = true) => ({
      operation,
      status,
      pointer,
      rule,
      message,
      breaking,
    })
    const answer = answers.find((one) => `${one.method} ${one.path}` === operation && one.status === status)
    if (!answer) return [difference('', 'status', `status ${status} is not documented`)]
    const wrongType = type.split(';')[0]?.trim() !== answer.mediaType
    const schema = chooseSchema(ajv, answer, body)
    const broken = [...mergeErrors(validate(ajv, schema, body))]
    return [
      ...(wrongType ? [difference('', 'content-type', `must be ${answer.mediaType}`)] : []),
      ...broken.map(([pointer, { keyword, message }]) => difference(pointer, keyword, `${message}`)),
      ...listUndocumented(schema, body).map((pointer) =>
        difference(pointer, 'undocumented', 'is not named by the document', false),
      ),
    ]
  }
}

/** Of several shapes the one that fits best: the errors of the others would say nothing. */
function chooseSchema(ajv: Ajv, { schema }: Answer, body: unknown): JsonObject {
  const choices = [schema.anyOf ?? schema].flat().map((one: unknown): JsonObject => Object(one))
  const counted = choices.map((one) => ({ one, errors: validate(ajv, one, body).length }))
  return counted.sort((a, b) => a.errors - b.errors)[0]?.one ?? schema
}

function validate(ajv: Ajv, schema: JsonObject, body: unknown): readonly ErrorObject[] {
  const check = ajv.compile(schema)
  return check(body) ? [] : (check.errors ?? [])
}

/** One error a place. What a choice says of itself says less than what its last alternative says. */
function mergeErrors(errors: readonly ErrorObject[]): Map<string, ErrorObject> {
  const places = new Map<string, ErrorObject>()
  for (const error of errors) {
    const { missingProperty, additionalProperty } = error.params
    const member = missingProperty ?? additionalProperty
    const pointer = member === undefined ? error.instancePath : `${error.instancePath}/${member}`
    if (error.keyword !== 'anyOf' || !places.has(pointer)) places.set(pointer, error)
  }
  return places
}

/** Members of objects that the schema describes by name, where it does not name these and takes others too. */
function listUndocumented(schema: JsonObject, value: unknown, pointer = ''): string[] {
  const { properties, items, additionalProperties, anyOf } = schema
  if (Array.isArray(anyOf)) return listUndocumented(Object(anyOf.at(-1)), value, pointer)
  if (Array.isArray(value))
    return value.flatMap((one, index) => listUndocumented(Object(items), one, `${pointer}/${index}`))
  if (typeof value !== 'object' || value === null || properties === undefined) return []
  return Object.entries(value).flatMap(([name, one]) => {
    const inner = Object(properties)[name]
    if (inner !== undefined) return listUndocumented(Object(inner), one, `${pointer}/${name}`)
    return additionalProperties === undefined ? [`${pointer}/${name}`] : []
  })
}
