import { asRecord, isObject } from '../src/document/json.ts'
import type { Shape } from './requirements.ts'
import { isList, showValue, toList } from './values.ts'

type Shapes = Readonly<Record<string, Shape>>

/**
 * Lists how a value differs from a shape, one line a member: `data.id must be an integer, got "7"`. Members
 * that the shape does not name may be there; Cal.com may add some at any time.
 */
export function findMismatches(
  value: unknown,
  shape: Shape,
  shapes: Shapes,
  place = '',
): { readonly place: string; readonly message: string }[] {
  if (typeof shape === 'string') {
    const [, name = '', mark = ''] = /^(\w+)([?-]?)$/.exec(shape) ?? []
    if ((mark === '-' && value === undefined) || (mark === '?' && value === null)) return []
    const named = shapes[name]
    if (named !== undefined) return findMismatches(value, named, shapes, place)
    return isOfType(value, name)
      ? []
      : [{ place, message: `must be ${name}${mark === '?' ? ' or null' : ''}, got ${showValue(value)}` }]
  }
  if (isList(shape)) {
    if (!isList(value)) return [{ place, message: `must be an array, got ${showValue(value)}` }]
    const [one = 'any'] = shape
    return value.flatMap((element, index) => findMismatches(element, one, shapes, `${place}[${index}]`))
  }
  if (!isObject(value)) return [{ place, message: `must be an object, got ${showValue(value)}` }]
  return Object.entries(shape).flatMap(([name, inner]) =>
    findMismatches(asRecord(value)[name], inner, shapes, place ? `${place}.${name}` : name),
  )
}

/** Returns a value of requirements.yaml as a shape; a text that is no type matches nothing. */
export function toShape(value: unknown): Shape {
  if (isList(value)) return toList(value).map(toShape)
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.fromEntries(Object.entries(asRecord(value)).map(([name, one]) => [name, toShape(one)]))
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'any':
      return value !== undefined
    case 'integer':
      return Number.isSafeInteger(value)
    case 'object':
      return isObject(value)
    default:
      return typeof value === type
  }
}
