import { parseExactly } from '../document/exact-numbers.ts'
import { parseJson } from '../document/json.ts'
import { type Id, readId } from './json-rpc.ts'
import type { LongLine } from './lines.ts'

const member = String.raw`[ \t\r]*"(?:jsonrpc|id|method)"[ \t]*:[ \t]*(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)[ \t]*`
const leading = new RegExp(String.raw`^[ \t\r]*\{((?:${member},)*)`)
const trailing = new RegExp(String.raw`((?:,${member})+)\}[ \t\r]*$`)

/**
 * Reads the id of a request of which only the ends are known, to be repeated in a refusal; null where they have none.
 * Only members next to the outermost braces are read: in a line that is JSON they are neither a part of `params` nor of
 * a text, whose quotes would be escaped.
 */
export function readLongId({ begin, end }: LongLine): Id {
  const first = leading.exec(begin.toString())?.[1]
  if (first === undefined) return null
  const last = trailing.exec(end.toString())?.[1] ?? ''
  const members = [first.slice(0, -1), last.slice(1)].filter(Boolean)
  try {
    return readId(parseJson(Buffer.from(`{${members.join()}}`), undefined, parseExactly))
  } catch {
    return null
  }
}
