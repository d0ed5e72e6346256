import { findStringEnd } from '../document/exact-numbers.ts'
import type { Path, Position } from './problem.ts'

/** Finds the deepest value on a path that exists in a well-formed JSON text. */
export function findJsonPosition(text: string, path: Path): Position {
  return toPosition(text, findOffset(text, path))
}

/** Returns the text of the deepest value on a path that exists in a well-formed JSON text. */
export function findJsonText(text: string, path: Path): string {
  const offset = findOffset(text, path)
  return text.slice(offset, skipValue(text, offset))
}

function findOffset(text: string, path: Path): number {
  let offset = skipSpace(text, 0)
  for (const segment of path) {
    const found = findMember(text, offset, segment)
    if (found === undefined) break
    offset = found
  }
  return offset
}

function toPosition(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/** Lists where a well-formed JSON text has a key that its object has before it. */
export function listRepeatedKeys(text: string): Position[] {
  const repeated: number[] = []
  const open: (Set<string> | undefined)[] = []
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (character === '{') open.push(new Set())
    else if (character === '[') open.push(undefined)
    else if (character === '}' || character === ']') open.pop()
    else if (character === '"') {
      const end = findStringEnd(text, index)
      const keys = open.at(-1)
      if (keys && text[skipSpace(text, end + 1)] === ':') {
        const token = text.slice(index, end + 1)
        const key: unknown = token.includes('\\') ? JSON.parse(token) : token.slice(1, -1)
        if (keys.has(String(key))) repeated.push(index)
        keys.add(String(key))
      }
      index = end
    }
  }
  return repeated.map((offset) => toPosition(text, offset))
}

/** Returns the offset of a member's value in the object, or of an element in the array, that begins at an offset. */
function findMember(text: string, start: number, segment: string | number): number | undefined {
  const isObject = text[start] === '{'
  if (!isObject && text[start] !== '[') return undefined
  let offset = skipSpace(text, start + 1)
  for (let index = 0; text[offset] !== '}' && text[offset] !== ']'; index += 1) {
    let name: unknown = index
    if (isObject) {
      const end = skipString(text, offset)
      name = JSON.parse(text.slice(offset, end))
      offset = skipSpace(text, skipSpace(text, end) + 1)
    }
    if (name === segment || (!isObject && String(name) === segment)) return offset
    offset = skipSpace(text, skipValue(text, offset))
    if (text[offset] === ',') offset = skipSpace(text, offset + 1)
  }
  return undefined
}

function skipValue(text: string, start: number): number {
  if (text[start] === '"') return skipString(text, start)
  if (text[start] !== '{' && text[start] !== '[') return skipWhile(text, start, /[^\s,\]}]/)
  let depth = 0
  let offset = start
  do {
    const character = text[offset]
    if (character === '"') {
      offset = skipString(text, offset)
      continue
    }
    if (character === '{' || character === '[') depth += 1
    if (character === '}' || character === ']') depth -= 1
    offset += 1
  } while (depth > 0)
  return offset
}

function skipString(text: string, start: number): number {
  let offset = start + 1
  while (text[offset] !== '"') offset += text[offset] === '\\' ? 2 : 1
  return offset + 1
}

function skipSpace(text: string, start: number): number {
  return skipWhile(text, start, /\s/)
}

function skipWhile(text: string, start: number, kind: RegExp): number {
  let offset = start
  while (offset < text.length && kind.test(text[offset] ?? '')) offset += 1
  return offset
}
