import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import { exceeds } from '../document/json.ts'
import { shorten } from '../document/single-line.ts'
import { JsonPlaces } from './json-position.ts'
import type { DescriptionProblem, Path, Position } from './problem.ts'

/** A YAML or JSON source file: what it says, and where it says it. */
export interface Source {
  /** What the file says; nothing when it is malformed. */
  readonly value?: unknown
  /** Why it is malformed; empty when it is not. */
  readonly problems: readonly DescriptionProblem[]
  /** The position of the deepest node on a path that exists, so that a missing key is at its parent. */
  readonly positionOf: (path: Path) => Position
  /** The text of the value on a path as it is written, such as the digits of a number; empty for what YAML puts together. */
  readonly textOf: (path: Path) => string
}

/**
 * Reads a YAML or JSON text; `file` is the name its problems bear. Never throws. After a first mistake every further token may
 * be unexpected, so that says nothing more.
 */
export function readSource(text: string, file: string): Source {
  return readJson(text, file) ?? readYaml(text, file)
}

/** Levels of a description at most: every step walks it as deep as it nests. */
const deepest = 3_000
const tooDeep = `the file nests deeper than ${deepest} levels`

/** Reads JSON with JSON's own parser, which takes a hundredth of the time; positions are looked for when they are asked for. */
function readJson(text: string, file: string): Source | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    const all = new JsonPlaces(text)
    const places = {
      positionOf: (path: Path) => all.findPosition(path),
      textOf: (path: Path) => all.findText(path),
    }
    const refuse = (position: Position, message: string, expected: string): DescriptionProblem => ({
      ...{ file, ...position, message, expected },
      severity: 'error',
    })
    if (exceeds(text, { depth: deepest })) {
      return { problems: [refuse({ line: 1, column: 1 }, tooDeep, 'a description')], ...places }
    }
    const problems = all
      .listRepeatedKeys()
      .map((position) => refuse(position, repeatedKey, 'a name of its own for each key of an object'))
    return problems.length > 0 ? { problems, ...places } : { value, problems, ...places }
  } catch {
    return undefined
  }
}

/** Readers of JSON keep the first of two, or the last. The words are those of the YAML parser. */
const repeatedKey = 'Map keys must be unique'

/** A message can repeat all of a file that is no text; more characters of one than this help nobody. */
const longest = 160

/** Characters that aliases may add to a file at most: every step reads what an alias stands for as if it stood there. */
const mostAliased = 5_000_000

function readYaml(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    ...{ lineCounter: lines, prettyErrors: false, merge: true },
    uniqueKeys: areOneKey,
    // A warning would repeat what may be a secret.
    logLevel: 'error',
  })
  const end = text.trimEnd().length
  const toPosition = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, end))
    return { line, column: col }
  }
  const toProblem = (offset: number, message: string): DescriptionProblem => ({
    file,
    ...toPosition(offset),
    message: shorten(message, longest),
    expected: 'well-formed YAML',
    severity: 'error',
  })
  const places = {
    positionOf: (path: Path) => toPosition(findNode(document, path)?.range?.[0] ?? 0),
    textOf(path: Path) {
      const node = findNode(document, path)
      return isScalar(node) ? (node.source ?? '') : ''
    },
  }
  const problems = document.errors
    .filter(({ code }, index) => index === 0 || code !== 'UNEXPECTED_TOKEN')
    .map(({ pos, message }) => toProblem(pos[0], message))
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Pair: (_key, { key }) => {
      if (isScalar(key)) key.value ??= 'null'
    },
    Value: (_key, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
    Alias: (_key, alias, ancestors) => {
      const target = anchors.get(alias.source)
      if (target) targets.set(alias, target)
      const isInside = target !== undefined && ancestors.includes(target)
      const what = isInside ? 'stands within its own anchor' : 'has no anchor before it'
      if (isInside || target === undefined)
        problems.push(toProblem(alias.range?.[0] ?? 0, `the alias *${alias.source} ${what}`))
    },
  })
  if (problems.length > 0) return { problems, ...places }
  try {
    const { size, depth } = targets.size > 0 ? measure(document.contents, targets) : { size: 0, depth: 0 }
    if (size > text.length + mostAliased)
      problems.push(toProblem(0, `the aliases of the file stand for more than ${mostAliased} characters`))
    if (depth > deepest) problems.push(toProblem(0, tooDeep))
    if (problems.length > 0) return { problems, ...places }
    // The count of the library is of aliases within one another, whatever they stand for.
    let value: unknown = document.toJS({ maxAliasCount: -1 })
    // Each alias is a copy: what changes a part of the file would change all the places that share it.
    if (targets.size > 0) value = JSON.parse(JSON.stringify(value))
    return { value, problems, ...places }
  } catch (error) {
    return { problems: [toProblem(0, error instanceof Error ? error.message : 'unreadable')], ...places }
  }
}

/** A key of JSON is a text: `200` and `'200'` are one. Of `<<` there may be several, each a symbol of its own. */
function areOneKey(one: unknown, other: unknown): boolean {
  if (!isScalar(one) || !isScalar(other)) return one === other
  const isText = typeof one.value !== 'symbol' && typeof other.value !== 'symbol'
  return one === other || (isText && String(one.value) === String(other.value))
}

/** Characters of a node about, and levels below it. */
interface Extent {
  readonly size: number
  readonly depth: number
}

/** Measures a node with what its aliases stand for in their places. */
function measure(node: unknown, targets: ReadonlyMap<Alias, Node>, known = new Map<Node, Extent>()): Extent {
  const target = isAlias(node) ? targets.get(node) : undefined
  if (target) {
    const extent = known.get(target) ?? measure(target, targets, known)
    known.set(target, extent)
    return extent
  }
  if (isScalar(node)) return { size: 1 + String(node.value).length, depth: 0 }
  const parts = isMap(node)
    ? node.items.flatMap(({ key, value }) => [key, value])
    : isSeq(node)
      ? node.items
      : []
  let [size, depth] = [1, 0]
  for (const part of parts) {
    const inner = measure(part, targets, known)
    size += inner.size
    depth = Math.max(depth, inner.depth)
  }
  return { size, depth: depth + 1 }
}

/** Finds the deepest node on a path that exists. */
function findNode(document: Document, path: Path): Node | undefined {
  let node: unknown = document.contents
  let found: Node | undefined
  for (const segment of [undefined, ...path]) {
    if (segment !== undefined) node = findChild(node, segment)
    if (isAlias(node)) node = node.resolve(document)
    if (!isNode(node) || !node.range) break
    found = node
  }
  return found
}

/** A key of a map may be written as a number (`200:`), which JSON knows only as a text. */
function findChild(node: unknown, segment: string | number): unknown {
  if (isSeq(node)) return node.items[Number(segment)]
  if (!isMap(node)) return undefined
  const found = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(segment))
  return found?.value
}
