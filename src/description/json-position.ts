import { LineCounter } from 'yaml'
import { findStringEnd } from '../document/exact-numbers.ts'
import type { Path, Position } from './problem.ts'

/**
 * Finds places in a well-formed JSON text. Its lines, and each object or list, are read once, however many places are looked
 * for: a large document can have thousands of problems.
 */
export class JsonPlaces {
  readonly #text: string
  readonly #lines = new LineCounter()
  readonly #members = new Map<number, ReadonlyMap<string, number>>()

  constructor(text: string) {
    this.#text = text
  }

  /** Finds the deepest value on a path that exists. */
  findPosition(path: Path): Position {
    return this.#toPosition(this.#findOffset(path))
  }

  /** Returns the text of the deepest value on a path that exists. */
  findText(path: Path): string {
    const offset = this.#findOffset(path)
    return this.#text.slice(offset, skipValue(this.#text, offset))
  }

  /** Lists where an object has a key that it has before it. */
  listRepeatedKeys(): Position[] {
    return findRepeatedKeys(this.#text).map((offset) => this.#toPosition(offset))
  }

  #toPosition(offset: number): Position {
    if (this.#lines.lineStarts.length === 0) countLines(this.#text, this.#lines)
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col }
  }

  #findOffset(path: Path): number {
    let offset = skipSpace(this.#text, 0)
    for (const segment of path) {
      const members = this.#members.get(offset) ?? readMembers(this.#text, offset)
      this.#members.set(offset, members)
      const found = members.get(String(segment))
      if (found === undefined) break
      offset = found
    }
    return offset
  }
}

function countLines(text: string, lines: LineCounter): void {
  let start = 0
  do {
    lines.addNewLine(start)
    start = text.indexOf('\n', start) + 1
  } while (start > 0)
}

function findRepeatedKeys(text: string): number[] {
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
  return repeated
}

/** Reads where the members of the object, or the elements of the list, that begins at an offset have their values. */
function readMembers(text: string, start: number): ReadonlyMap<string, number> {
  const members = new Map<string, number>()
  const isObject = text[start] === '{'
  if (!isObject && text[start] !== '[') return members
  let offset = skipSpace(text, start + 1)
  while (text[offset] !== '}' && text[offset] !== ']') {
    let name = String(members.size)
    if (isObject) {
      const end = findStringEnd(text, offset) + 1
      name = String(JSON.parse(text.slice(offset, end)))
      offset = skipSpace(text, skipSpace(text, end) + 1)
    }
    members.set(name, offset)
    offset = skipSpace(text, skipValue(text, offset))
    if (text[offset] === ',') offset = skipSpace(text, offset + 1)
  }
  return members
}

function skipValue(text: string, start: number): number {
  if (text[start] === '"') return findStringEnd(text, start) + 1
  if (text[start] !== '{' && text[start] !== '[') return skipWhile(text, start, /[^\s,\]}]/)
  let depth = 0
  let offset = start
  do {
    const character = text[offset]
    if (character === '"') {
      offset = findStringEnd(text, offset) + 1
      continue
    }
    if (character === '{' || character === '[') depth += 1
    if (character === '}' || character === ']') depth -= 1
    offset += 1
  } while (depth > 0)
  return offset
}

function skipSpace(text: string, start: number): number {
  return skipWhile(text, start, /\s/)
}

function skipWhile(text: string, start: number, kind: RegExp): number {
  let offset = start
  while (offset < text.length && kind.test(text[offset] ?? '')) offset += 1
  return offset
}
