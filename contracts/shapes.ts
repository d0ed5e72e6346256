import type { Shape } from './requirements.ts'
import { showValue } from './values.ts'

type Shapes = Readonly<Record<string, Shape>>

/**
 * Lists how a value departs from a shape, one line a member: `data.id must be an integer, got "7"`. Members
 * that the shape does not name may be there; Cal.com may add some at any time.
 */
export function findDepartures(
  value: unknown,
  shape: Shape,
  shapes: Shapes,
  place = '',
): { readonly place: string; readonly message: string }[] {
  if (typeof shape === 'string') {
    const [, name = '', mark = ''] = /^(\w+)([?-]?)$/.exec(shape) ?? []
    if ((mark === '-' && value === undefined) || (mark === '?' && value === null)) return []
    const named = shapes[name]
    if (named !== undefined) return findDepartures(value, named, shapes, place)
    return isOfType(value, name)
      ? []
      : [{ place, message: `must be ${name}${mark === '?' ? ' or null' : ''}, got ${showValue(value)}` }]
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) return [{ place, message: `must be an array, got ${showValue(value)}` }]
    const [one = 'any'] = shape
    return value.flatMap((element, index) => findDepartures(element, one, shapes, `${place}[${index}]`))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ place, message: `must be an object, got ${showValue(value)}` }]
  return Object.entries(shape).flatMap(([name, inner]) =>
    findDepartures(Object(value)[name], inner, shapes, place ? `${place}.${name}` : name),
  )
}

function isList(shape: Shape): shape is readonly Shape[] {
  return Array.isArray(shape)
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'any':
      return value !== undefined
    case 'integer':
      return Number.isSafeInteger(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    default:
      return typeof value === type
  }
}
