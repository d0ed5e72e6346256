import { annotationKeywords, schemaLists, schemasByName } from '../../document/document-members.ts'
import { isObject, listMembers } from '../../document/json.ts'
import type { JsonSchema } from '../../document/json-schema.ts'
import { knownKeywords, makesSense } from '../../document/schema-keywords.ts'
import { shorten } from '../../document/single-line.ts'
import type { Finding, Path } from '../problem.ts'
import type { PartCheck } from './references.ts'
import { isSchemaPlace } from './schema-places.ts'

/** Keywords that check nothing, may name what is not known, or are looked into elsewhere. */
const silent = new Set([
  ...annotationKeywords,
  ...['$ref', 'format', 'contentEncoding', 'contentMediaType', 'x-secret'],
])
const checking = new Set(knownKeywords.filter((name) => !silent.has(name)))

/** Keywords that hold schemas, by name or in a list, and how. */
const groups = new Map([
  ...schemasByName.map((name) => [name, 'an object of schemas'] as const),
  ...schemaLists.map((name) => [name, 'a list of schemas'] as const),
])

/** Keywords of earlier drafts that are not checked, and those that are instead. */
const former = new Map([
  ['dependencies', 'dependentRequired or dependentSchemas'],
  ['additionalItems', 'items beside prefixItems'],
])

const whole = 'a whole number of at least 0'
const expectations = new Map([
  ['type', 'string, number, integer, boolean, array, object, null, or a list of them'],
  ['required', 'a list of names, in the schema that has these properties'],
  ['enum', 'a list of values'],
  ['multipleOf', 'a number above 0'],
  ['uniqueItems', 'true or false'],
  ['pattern', 'a regular expression of JavaScript'],
  ['dependentRequired', 'lists of names by names'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems'].map((name) => [name, whole] as const),
  ...['minContains', 'maxContains', 'minProperties', 'maxProperties'].map((name) => [name, whole] as const),
  ...['minimum', 'maximum'].map((name) => [name, 'a number'] as const),
  ...['exclusiveMinimum', 'exclusiveMaximum'].map((name) => [name, 'a number'] as const),
  ...groups,
])

/** Finds the rules of a schema that are not checked, since their values make no sense, and what else is not followed. */
export const checkKeywords: PartCheck = (schema, path) => {
  if (!isSchemaPlace(path)) return []
  const { discriminator } = schema
  const unread = Object.keys(schema).flatMap((keyword): readonly Finding[] => {
    const instead = former.get(keyword)
    if (instead !== undefined) return [warn([...path, keyword], `${keyword} is not checked`, instead)]
    return checking.has(keyword) ? findUnread(keyword, schema, [...path, keyword]) : []
  })
  if (!isObject(discriminator) || discriminator.defaultMapping === undefined) return unread
  const place = [...path, 'discriminator', 'defaultMapping']
  return [...unread, warn(place, 'defaultMapping is not followed', 'a mapping of each value')]
}

/** Finds the headers of the parts of a form, which are not followed. */
export const checkPartHeaders: PartCheck = ({ headers }, path) => {
  if (path.at(-2) !== 'encoding' || !isObject(headers) || Object.keys(headers).length === 0) return []
  const message = `the headers of the part ${path.at(-1)} are neither checked nor sent`
  return [warn([...path, 'headers'], message, 'none')]
}

function warn(path: Path, message: string, expected: string): Finding {
  return { path, message, expected, severity: 'warning' }
}

function findUnread(keyword: string, schema: JsonSchema, path: Path): Finding[] {
  const value = schema[keyword]
  if (saysNothing(value) || isElsewhere(keyword, schema)) return []
  const describe = (place: Path, one: unknown, expected: string) =>
    warn(
      place,
      `${place.slice(path.length - 1).join('.')}: ${shorten(JSON.stringify(one), 60)} is not checked`,
      expected,
    )
  if (!makesSense(keyword, value)) return [describe(path, value, expectations.get(keyword) ?? 'a schema')]
  if (!groups.has(keyword)) return []
  return listMembers(value)
    .filter(([, one]) => !isObject(one) && typeof one !== 'boolean')
    .map(([name, one]) => describe([...path, name], one, 'a schema'))
}

/** No rule is lost by an empty list, nor by `required: false` on a property. */
function saysNothing(value: unknown): boolean {
  return value === false || (Array.isArray(value) && value.length === 0)
}

/** Patterns are looked into by themselves; a bound may be exclusive by a flag, and a tuple be `items`, in earlier versions. */
function isElsewhere(keyword: string, schema: JsonSchema): boolean {
  const value = schema[keyword]
  if (keyword === 'pattern') return typeof value === 'string'
  if (keyword === 'items') return Array.isArray(value)
  if (value !== true) return false
  if (keyword === 'exclusiveMinimum') return makesSense('minimum', schema.minimum)
  return keyword === 'exclusiveMaximum' && makesSense('maximum', schema.maximum)
}
