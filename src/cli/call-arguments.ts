import { parseExactly } from '../document/exact-numbers.ts'
import { isObject, parseJson, readOwn } from '../document/json.ts'
import { readMember, readShape, type ValueShape } from '../document/value-shape.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { CommandError } from './command.ts'

type Values = Readonly<Record<string, unknown>>

/**
 * Reads the arguments of a tool from `key=value`, or `key.member=value` for a member of an object. A value is JSON where
 * its type is no text. Throws a `CommandError` for what is no argument, or given twice.
 */
export function readCallArguments(inputSchema: unknown, texts: readonly string[]): Values {
  const shape = readShape(inputSchema)
  return texts.reduce<Values>((values, text) => {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key === '') throw new CommandError(`arguments are key=value, not ${JSON.stringify(text)}`)
    const { path, types } = findPosition(shape, key)
    return addValue(values, path, readValue(key, value, [...types]), key)
  }, {})
}

interface Position {
  readonly path: readonly string[]
  readonly types: ReadonlySet<string>
}

/** A dot is part of a name that has one. */
function findPosition(shape: ValueShape, key: string): Position {
  const [first = '', ...rest] = key.split('.')
  if (shape.properties.has(key) || rest.length === 0 || !shape.properties.has(first))
    return { path: [key], types: readMember(shape, key).types }
  const inner = findPosition(readMember(shape, first), rest.join('.'))
  return { path: [first, ...inner.path], types: inner.types }
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

function readValue(key: string, text: string, types: readonly string[]): unknown {
  // What is no JSON of another type that is allowed, such as 42 beside null, is meant as a text.
  const mayBeText = types.includes('string') || types.includes('file')
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

/** Returns whether a JSON text, by its beginning, is of a type other than a string. */
function isOfType(text: string, type: string): boolean {
  return beginnings[type]?.test(text.trimStart()) ?? false
}

const beginnings: Readonly<Record<string, RegExp>> = {
  object: /^\{/,
  array: /^\[/,
  number: /^-?\d/,
  integer: /^-?\d/,
  boolean: /^(?:true|false)\s*$/,
  null: /^null\s*$/,
}
