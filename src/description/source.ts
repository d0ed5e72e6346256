import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml'
import type { Path, Problem } from './problem.ts'

/** A YAML source file: what it says, and on which line it says it. */
export interface Source {
  /** What the file says; nothing when it is malformed. */
  readonly value?: unknown
  /** Why it is malformed; empty when it is not. */
  readonly problems: readonly Problem[]
  /** The line of the deepest node on a path that exists, so that a missing key is at its parent. */
  readonly lineOf: (path: Path) => number
}

/**
 * Reads a YAML text; `file` is the name its problems bear. Never throws. After a first mistake every further token may
 * be unexpected, so that says nothing more.
 */
export function readSource(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const end = text.trimEnd().length
  const toLine = (offset: number) => lines.linePos(Math.min(offset, end)).line
  const toProblem = (offset: number, message: string): Problem => ({
    file,
    line: toLine(offset),
    message,
    expected: 'well-formed YAML',
    severity: 'error',
  })
  const lineOf = (path: Path) => toLine(findOffset(document, path))
  const problems = document.errors
    .filter(({ code }, index) => index === 0 || code !== 'UNEXPECTED_TOKEN')
    .map(({ pos, message }) => toProblem(pos[0], message))
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined)
        problems.push(toProblem(alias.range?.[0] ?? 0, `the alias *${alias.source} has no anchor before it`))
    },
  })
  if (problems.length > 0) return { problems, lineOf }
  try {
    const value: unknown = document.toJS()
    return { value, problems, lineOf }
  } catch (error) {
    return { problems: [toProblem(0, error instanceof Error ? error.message : 'unreadable')], lineOf }
  }
}

function findOffset(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}
