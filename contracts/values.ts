import { asRecord } from '../src/document/json.ts'
/** Spells a value of `requirements.yaml` out: `{ $repeat, times }`, `{ $keys }` and `{ $key }` stand for long ones. */
export function spellOut(value: unknown): unknown {
  if (isList(value)) return value.map(spellOut)
  const { $repeat, times, before = '', then = '', $keys, $key } = asRecord(value)
  if (typeof $repeat === 'string') return `${before}${$repeat.repeat(Number(times))}${then}`
  if ($keys !== undefined)
    return Object.fromEntries(Array.from({ length: Number($keys) }, (_, index) => [`key-${index}`, index]))
  if ($key !== undefined) return { ['k'.repeat(Number($key))]: true }
  return value
}

/** Gives the arguments with one of them, at a dotted place, set to another value; `undefined` takes it away. */
export function setArgument(
  values: Readonly<Record<string, unknown>>,
  place: string,
  value: unknown,
): Record<string, unknown> {
  const [first = '', ...rest] = place.split('.')
  const inner = rest.length === 0 ? value : setArgument(asRecord(values[first]), rest.join('.'), value)
  const { [first]: _, ...others } = values
  return inner === undefined ? others : { ...others, [first]: inner }
}

/** Returns the argument at a dotted place. */
export function getArgument(values: unknown, place: string): unknown {
  return place.split('.').reduce<unknown>((inner, name) => asRecord(inner)[name], values)
}

/** Parses a JSON text; `undefined` for one that is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns whether a value is a list, whose elements stay unknown. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/** Returns the elements of a list, a lone value as one element, and none for `undefined`. */
export function toList(value: unknown): readonly unknown[] {
  return value === undefined ? [] : [value].flat()
}

/** Longest value that a message shows whole, in characters. */
const longest = 200

/** Shows a value in a message: cut in the middle, without e-mail addresses and tokens. */
export function showValue(value: unknown): string {
  const text = redact(JSON.stringify(value) ?? 'nothing')
  if (text.length <= longest) return text
  return `${text.slice(0, longest / 2)} … ${text.slice(-longest / 2)} (${text.length} characters)`
}

/** Returns a text without the addresses of people and without tokens; the addresses that a run makes up stay. */
export function redact(text: string): string {
  return text
    .replaceAll(/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, (address) =>
      address.startsWith('calgate-contract-') ? address : '[address]',
    )
    .replaceAll(/\bey[\w-]{6,}(\.[\w-]*)*/g, '[token]')
}
