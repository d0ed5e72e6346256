import { asList, asRecord, isObject, readOwn } from './json.ts'
import { type JsonSchema, listReached } from './json-schema.ts'
import { onceFor } from './once.ts'

/** The types that a schema allows and what their parts are: enough to read a value from its text. */
export interface ValueShape {
  /** Types of JSON, and `file` for the bytes of a form. Empty where the schema does not say. */
  readonly types: ReadonlySet<string>
  readonly items: () => ValueShape
  readonly properties: ReadonlyMap<string, () => ValueShape>
  /** Shape of the members that are not named; undefined where the schema says nothing of them. */
  readonly others: (() => ValueShape) | undefined
}

const anyShape: ValueShape = {
  types: new Set(),
  items: () => anyShape,
  properties: new Map(),
  others: undefined,
}

/** Reads the shape of a schema; its references are followed into the `$defs` of the root, recursive ones once. */
export function readShape(schema: unknown, root?: JsonSchema): ValueShape {
  return isObject(schema) ? shapesOf(root ?? schema)(schema) : anyShape
}

/** A value may have very many parts of one schema. */
const shapesOf = onceFor((root: JsonSchema) => onceFor((schema: JsonSchema) => composeShape(schema, root)))

function composeShape(
  source: unknown,
  root: JsonSchema,
  open: readonly unknown[] = [],
  seen = new Set(open),
): ValueShape {
  if (!isObject(source) || seen.has(source)) return anyShape
  seen.add(source)
  const inner = [...open, source]
  // Joined once more, a schema says nothing new; as a choice it does.
  const readJoined = (part: unknown) => composeShape(part, root, inner, seen)
  const readChoice = (part: unknown) => composeShape(part, root, inner)
  // Parts are read when they are asked for: there a recursive schema may begin anew.
  const readPart = (part: unknown) => () => readShape(part, root)
  const own: ValueShape = {
    types: new Set(listOwnTypes(source)),
    items: source.items === undefined ? () => anyShape : readPart(source.items),
    properties: new Map(
      Object.entries(asRecord(source.properties)).map(([name, part]) => [name, readPart(part)]),
    ),
    others:
      source.additionalProperties === undefined || source.additionalProperties === false
        ? undefined
        : readPart(source.additionalProperties),
  }
  const all = [
    ...(typeof source.$ref === 'string' ? [follow(source.$ref, root)] : []),
    ...asList(source.allOf),
  ]
  const choices = [...asList(source.anyOf), ...asList(source.oneOf)].map(readChoice)
  const shapes = [own, ...all.map(readJoined), ...(choices.length > 0 ? [unite(choices)] : [])]
  return merge(shapes)
}

/** Lists the schemas of a member by its name, also those of the schemas that a schema is composed of. */
export function listComposedMembers(
  schema: unknown,
  name: string,
  root: JsonSchema = asRecord(schema),
  seen = new Set<unknown>(),
): unknown[] {
  if (seen.has(schema)) return []
  seen.add(schema)
  const { $ref, properties, allOf, anyOf, oneOf } = asRecord(schema)
  const own = readOwn(properties, name)
  const target = typeof $ref === 'string' ? follow($ref, root) : undefined
  const parts = [target, ...[allOf, anyOf, oneOf].flatMap(asList)]
  const inner = parts.flatMap((part) => listComposedMembers(part, name, root, seen))
  return own === undefined ? inner : [own, ...inner]
}

/** Lists the schemas in a schema that describe the value itself. */
export function listInPlace(schema: JsonSchema): unknown[] {
  const { allOf, anyOf, oneOf, then, else: otherwise, dependentSchemas } = schema
  const all = [allOf, anyOf, oneOf, schema.if, then, otherwise, Object.values(asRecord(dependentSchemas))]
  return all.flat().filter((one) => one !== undefined)
}

/** Lists a schema and all that describe the same value: what it refers to, is joined of, chooses from or has conditions for. */
export function listSameValue(schema: unknown, root: JsonSchema): JsonSchema[] {
  const found = listReached([schema], (one) => {
    const part = asRecord(one)
    const target = typeof part.$ref === 'string' ? [follow(part.$ref, root)] : []
    return [...listInPlace(part), ...target]
  })
  return [...found].map(asRecord)
}

/** Finds the schema that a reference within a self-contained schema names; undefined where it names none. */
export function follow(reference: string, root: JsonSchema): unknown {
  const [, name = ''] = /^#\/\$defs\/(.+)$/.exec(reference) ?? []
  return readOwn(root.$defs, name)
}

function listOwnTypes(source: JsonSchema): string[] {
  if (isFile(source)) return ['file']
  if (source.type !== undefined) return [source.type].flat().map(String)
  const values = source.const === undefined ? asList(source.enum) : [source.const]
  if (values.length > 0) return values.map(nameType)
  if (source.properties !== undefined) return ['object']
  return source.items === undefined ? [] : ['array']
}

/**
 * Returns whether a schema describes bytes within a form: `format: binary` in OpenAPI 3.0, `contentMediaType` without
 * an encoding in 3.1.
 */
export function isFile({ type, format, contentMediaType, contentEncoding }: JsonSchema): boolean {
  if (format === 'binary') return true
  const isOctets = contentMediaType !== undefined && !/^text\/|json/.test(String(contentMediaType))
  return isOctets && contentEncoding === undefined && (type === undefined || type === 'string')
}

/** Names the type of a JSON value as schemas do, a whole number as any other. */
export function nameType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value
}

/** Returns what all of several schemas allow: the first that says something of the types is taken at its word. */
function merge(shapes: readonly ValueShape[]): ValueShape {
  const { types } = shapes.find((one) => one.types.size > 0) ?? anyShape
  return { ...unite(shapes, merge), types }
}

/**
 * Returns what any of several schemas allows; anything, where one of them says nothing of the type. Members of one name
 * are joined in the way given.
 */
function unite(
  shapes: readonly ValueShape[],
  join: (shapes: readonly ValueShape[]) => ValueShape = unite,
): ValueShape {
  const isOpen = shapes.some(({ types }) => types.size === 0)
  return {
    types: isOpen ? new Set() : new Set(shapes.flatMap(({ types }) => [...types])),
    items: () => shapes.map(({ items }) => items()).find((one) => one.types.size > 0) ?? anyShape,
    properties: joinProperties(shapes, join),
    others: shapes.find(({ others }) => others)?.others,
  }
}

function joinProperties(
  shapes: readonly ValueShape[],
  join: (shapes: readonly ValueShape[]) => ValueShape,
): ValueShape['properties'] {
  const named = Map.groupBy(
    shapes.flatMap(({ properties }) => [...properties]),
    ([name]) => name,
  )
  return new Map(
    [...named].map(([name, parts]) => {
      const [[, only], ...others] = [parts[0] ?? [name, () => anyShape], ...parts.slice(1)]
      return [name, others.length === 0 ? only : () => join(parts.map(([, read]) => read()))]
    }),
  )
}

/** Returns whether a value may be one that is neither a list nor an object. */
export function mayBePlain({ types }: ValueShape): boolean {
  return [...types].some((type) => type !== 'array' && type !== 'object' && type !== 'null')
}

/** Gives the shape of a member by its name. */
export function readMember({ properties, others }: ValueShape, name: string): ValueShape {
  return (properties.get(name) ?? others ?? anyShape.items)()
}
