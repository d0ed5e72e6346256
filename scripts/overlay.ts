import { JSONPath } from 'jsonpath-plus'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { Problem } from '../src/contract/problem.ts'

interface Action {
  readonly target: string
  readonly update?: unknown
  readonly remove?: boolean
}

/**
 * Finds the actions of an overlay whose target matches nothing in the document they would be applied to, each
 * with its line: Overlay 1.0 passes over them in silence, and a fact would be lost with them. Actions build on
 * each other, so each is tried on what those before it leave.
 */
export function findOverlayProblems(text: string, file: string, base: object): Problem[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const lineOf = (path: (string | number)[]) => {
    const node = document.getIn(path, true)
    return isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1
  }
  const problem = (line: number, message: string, expected: string): Problem => ({
    file,
    line,
    message,
    expected,
    severity: 'error',
  })
  const syntax = document.errors.map(({ pos, message }) =>
    problem(lines.linePos(pos[0]).line, message.split('\n')[0] ?? message, 'well-formed YAML'),
  )
  if (syntax.length > 0) return syntax
  const actions: unknown = document.toJS().actions
  if (!Array.isArray(actions)) return [problem(1, 'the overlay has no actions', 'a list of actions')]
  const json: object = structuredClone(base)
  return actions.flatMap((action: Action, index) =>
    applyAction(json, action) > 0
      ? []
      : [
          problem(
            lineOf(['actions', index, 'target']),
            `the target ${action.target} matches nothing`,
            'a target that exists in the derived document',
          ),
        ],
  )
}

/** Applies one action in place, as far as later targets need it, and counts what it matched. */
function applyAction(json: object, { target, update, remove }: Action): number {
  const matches: { value: unknown; parent: Record<string, unknown>; parentProperty: string }[] = JSONPath({
    path: target,
    json,
    resultType: 'all',
    wrap: true,
    eval: 'safe',
  })
  for (const { value, parent, parentProperty } of matches)
    if (remove) delete parent[parentProperty]
    else merge(value, update)
  return matches.length
}

function merge(place: unknown, update: unknown): void {
  if (Array.isArray(place)) place.push(...[update].flat())
  else if (typeof place === 'object' && place !== null && typeof update === 'object' && update !== null)
    for (const [name, value] of Object.entries(update)) {
      const there: unknown = Reflect.get(place, name)
      if (typeof there === 'object' && there !== null) merge(there, value)
      else Reflect.set(place, name, structuredClone(value))
    }
}
