import { parseExactly } from '../document/exact-numbers.ts'
import { asRecord, isObject, parseJson, readOwn } from '../document/json.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { CommandError } from './command.ts'

type Values = Readonly<Record<string, unknown>>

/**
 * Reads the arguments of a tool from `key=value`, or `key.member=value` for a member of an object. A value is JSON where
 * its type is no text. Throws a `CommandError` for what is no argument, or given twice.
 */
export function readCallArguments(inputSchema: unknown, texts: readonly string[]): Values {
  return texts.reduce<Values>((values, text) => {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key === '') throw new CommandError(`arguments are key=value, not ${JSON.stringify(text)}`)
    const { path, schema } = findPosition(inputSchema, key)
    return addValue(values, path, readValue(key, value, listTypes(schema, inputSchema)), key)
  }, {})
}

/** A dot is part of a name that has one. */
function findPosition(schema: unknown, key: string): { readonly path: string[]; readonly schema: unknown } {
  const properties = asRecord(asRecord(schema).properties)
  const [first = '', ...rest] = key.split('.')
  if (key in properties || rest.length === 0 || !(first in properties))
    return { path: [key], schema: properties[key] }
  const inner = findPosition(properties[first], rest.join('.'))
  return { path: [first, ...inner.path], schema: inner.schema }
}

function addValue(
  values: Values,
  [name = '', ...rest]: readonly string[],
  value: unknown,
  key: string,
): Values {
  const present = readOwn(values, name)
  if (present !== undefined && (rest.length === 0 || !isObject(present)))
    throw new CommandError(`${key} is given twice`)
  const added = rest.length === 0 ? value : addValue(isObject(present) ? present : {}, rest, value, key)
  return Object.fromEntries([...Object.entries(values), [name, added]])
}

/** The types that a schema allows, alone or by alternatives; none where it does not say. */
function listTypes(schema: unknown, root: unknown, open: readonly unknown[] = []): readonly unknown[] {
  if (open.includes(schema)) return []
  const list = (part: unknown) => listTypes(part, root, [...open, schema])
  const { type, anyOf, oneOf, allOf, enum: values, const: constant, $ref } = asRecord(schema)
  if (type !== undefined) return [type].flat()
  const choices = constant === undefined ? values : [constant]
  if (Array.isArray(choices)) return choices.map(nameType)
  if (typeof $ref === 'string')
    return list(readOwn(asRecord(asRecord(root).$defs), $ref.replace('#/$defs/', '')))
  const parts = Array.isArray(allOf) ? allOf.map(list) : []
  const alternatives = [anyOf ?? oneOf ?? []].flat().map(list)
  if (alternatives.length > 0 && alternatives.every((types) => types.length > 0)) return alternatives.flat()
  return parts.find((types) => types.length > 0) ?? []
}

/** The type of JSON Schema that a value has. */
function nameType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function readValue(key: string, text: string, types: readonly unknown[]): unknown {
  // What is no JSON of another type that is allowed, such as 42 beside null, is meant as a text.
  const mayBeText = types.includes('string')
  if (mayBeText && !types.some((type) => isOfType(text, type))) return text
  try {
    return parseJson(Buffer.from(text), undefined, parseExactly)
  } catch (error) {
    if (error instanceof GatewayError && error.cause === undefined)
      throw new CommandError(error.message.replace('The body', key))
    const needsJson = types.length > 0 && types.every((type) => type === 'object' || type === 'array')
    if (needsJson) throw new CommandError(`${key} takes JSON, and this is none`)
    return text
  }
}

/** Whether a JSON text, by its beginning, is of a type other than a string. */
function isOfType(text: string, type: unknown): boolean {
  const begin = typeof type === 'string' ? beginnings[type] : undefined
  return begin?.test(text.trimStart()) ?? false
}

const beginnings: Readonly<Record<string, RegExp>> = {
  object: /^\{/,
  array: /^\[/,
  number: /^-?\d/,
  integer: /^-?\d/,
  boolean: /^(?:true|false)\s*$/,
  null: /^null\s*$/,
}
