import type { ErrorObject } from 'ajv'
import type { OpenApiDocument } from './document.ts'
import { asRecord, isObject } from './json.ts'
import { escapeName, splitPointer } from './json-pointer.ts'
import { dereference, type JsonSchema, listChoices } from './json-schema.ts'
import { findMediaType } from './media-types.ts'
import { once, onceFor } from './once.ts'
import { findResponse, readDescribedOperations } from './responses.ts'
import { createCompiler, type SchemaCompiler } from './schema-compiler.ts'

/** One place where a response and the document differ. Holds nothing of the response but names of members. */
export interface Mismatch {
  /** `METHOD /path` of the document. */
  readonly operation: string
  readonly status: number | undefined
  /** JSON pointer (RFC 6901) into the body; empty for the response as a whole. */
  readonly pointer: string
  /** The pointer in names of the document alone: `*` for an index or a free key, `?` for a name it does not have. */
  readonly place: string
  /** The broken JSON Schema keyword, or `status`, `content-type`, `undocumented`. */
  readonly rule: string
  readonly message: string
  /** False for what the document allows without naming it: a member more. */
  readonly breaking: boolean
}

/** A response as it arrived. */
export interface ReceivedResponse {
  readonly operation: string
  readonly status: number
  readonly type: string
  readonly body: unknown
}

/** Finds every difference between a response and what the document says of it. */
export type Comparison = (response: ReceivedResponse) => Mismatch[]

/** Prepares the comparison with a document; its schemas are compiled as responses come. */
export function createComparison(document: OpenApiDocument): Comparison {
  const compile = createCompiler()
  const described = once(
    () => new Map(readDescribedOperations(document).map((one) => [one.operation, one.responses])),
  )
  return ({ operation, status, type, body }) => {
    const response = findResponse(described().get(operation) ?? [], status)
    const content = response?.content ?? []
    const mediaType = findMediaType(content, type)
    const root = mediaType?.kind === 'json' ? mediaType.schema : {}
    const schema = chooseSchema(compile, root, body)
    const depart = (pointer: string, rule: string, message: string, breaking = true): Mismatch => {
      const place = generalise(schema, pointer, root)
      return { operation, status, pointer, place, rule, message, breaking }
    }
    if (!response) return [depart('', 'status', `status ${status} is not documented`)]
    const known = content.map((one) => one.type).join(' or ')
    const isUnknown = content.length > 0 && !mediaType
    const broken = [...mergeErrors(validate(compile, schema, root, body))]
    return [
      ...(isUnknown ? [depart('', 'content-type', `must be ${known}`)] : []),
      ...broken.map(([pointer, { keyword, message }]) => depart(pointer, keyword, `${message}`)),
      ...listUndocumented(schema, body, root).map((pointer) =>
        depart(pointer, 'undocumented', 'is not named by the document', false),
      ),
    ]
  }
}

/** Chooses the one of several shapes that fits best: the errors of the others would say nothing. */
function chooseSchema(compile: SchemaCompiler, root: JsonSchema, body: unknown): JsonSchema {
  const { anyOf } = dereference(root, root)
  const choices: readonly JsonSchema[] = Array.isArray(anyOf) && anyOf.every(isObject) ? anyOf : [root]
  if (choices.length < 2) return choices[0] ?? root
  const counted = choices.map((one) => ({ one, errors: validate(compile, one, root, body).length }))
  return counted.sort((a, b) => a.errors - b.errors)[0]?.one ?? root
}

/** What has been compiled is kept by the root; a part of it is compiled with the definitions of the root. */
function validate(
  compile: SchemaCompiler,
  schema: JsonSchema,
  root: JsonSchema,
  body: unknown,
): readonly ErrorObject[] {
  const check = compile(schema === root ? root : partsOf(root)(schema))
  return !check || check(body) ? [] : (check.errors ?? [])
}

const partsOf = onceFor(({ $defs }: JsonSchema) =>
  onceFor((schema: JsonSchema): JsonSchema => ($defs === undefined ? schema : { ...schema, $defs })),
)

/** Keeps one error a place. What a choice says of itself says less than what its last alternative says. */
function mergeErrors(errors: readonly ErrorObject[]): Map<string, ErrorObject> {
  const places = new Map<string, ErrorObject>()
  for (const error of errors) {
    const { missingProperty, additionalProperty } = asRecord(error.params)
    const member = missingProperty ?? additionalProperty
    const pointer =
      member === undefined ? error.instancePath : `${error.instancePath}/${escapeName(String(member))}`
    if (error.keyword !== 'anyOf' || !places.has(pointer)) places.set(pointer, error)
  }
  return places
}

/**
 * Lists the members of objects that the schema describes by name, where it does not name these and takes others too.
 */
function listUndocumented(schema: JsonSchema, value: unknown, root: JsonSchema, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { items, named, isOpen } = shapesOf(root)(schema)
  if (Array.isArray(value)) {
    if (!items) return []
    return value.flatMap((one, index) => listUndocumented(items, one, root, `${pointer}/${index}`))
  }
  if (named.length === 0) return []
  return Object.entries(value).flatMap(([name, one]: [string, unknown]) => {
    const [first, ...others] = named.flatMap((properties) => properties[name] ?? [])
    if (first === undefined ? isOpen : typeof one !== 'object') return []
    const place = `${pointer}/${escapeName(name)}`
    if (first === undefined) return [place]
    const known = others.length === 0 && isObject(first) ? first : { allOf: [first, ...others] }
    return listUndocumented(known, one, root, place)
  })
}

/** What a schema says of the parts of a value, whichever of its alternatives it says it in. */
interface Shape {
  readonly items?: JsonSchema | undefined
  /** Members by their names. */
  readonly named: readonly Readonly<Record<string, unknown>>[]
  /** Whether it says something of members that it does not name. */
  readonly isOpen: boolean
}

/** The elements of a list have one shape, and finding it takes longer than using it. */
const shapesOf = onceFor((root: JsonSchema) => onceFor((schema: JsonSchema) => readShape(schema, root)))

function readShape(schema: JsonSchema, root: JsonSchema): Shape {
  const alternatives = listAlternatives(schema, root)
  const items = alternatives.find((one) => one.items !== undefined)?.items
  return {
    items: isObject(items) ? items : undefined,
    named: alternatives.flatMap(({ properties }) => (properties === undefined ? [] : [asRecord(properties)])),
    isOpen: alternatives.some(({ additionalProperties }) => additionalProperties !== undefined),
  }
}

/** Lists what a value may be by a schema, choices within choices included. */
function listAlternatives(schema: JsonSchema, root: JsonSchema): JsonSchema[] {
  const here = dereference(schema, root)
  return [here, ...listChoices(here, root)]
}

/**
 * Writes a pointer in names of the document alone, so that no response can make up a new one. What contains itself has
 * the place of the outermost, so that no depth of a response is a new one either.
 */
function generalise(schema: JsonSchema, pointer: string, root: JsonSchema): string {
  let place = ''
  let here: JsonSchema = schema
  const outer: { readonly parts: readonly unknown[]; readonly place: string }[] = []
  for (const name of splitPointer(pointer)) {
    const alternatives = listAlternatives(here, root)
    // A schema is a copy each time that it is referred to, and what it says of its parts is not.
    const parts = alternatives
      .flatMap((one) => [one.properties, one.items, one.additionalProperties])
      .filter(isObject)
    const same = outer.find((one) => hasSame(one.parts, parts))
    if (same) place = same.place
    else outer.push({ parts, place })
    const named = alternatives.map(({ properties }) => asRecord(properties)[name]).find(Boolean)
    const free = alternatives.map(({ items, additionalProperties }) => items ?? additionalProperties)
    const open = free.find((one) => typeof one === 'object')
    if (named === undefined && open === undefined) return `${place}/?`
    place += named === undefined ? '/*' : `/${escapeName(name)}`
    here = asRecord(named ?? open)
  }
  return place
}

/** Returns whether two lists hold the same; what describes no parts is not the same as anything. */
function hasSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length > 0 && some.length === others.length && some.every((one) => others.includes(one))
}
