import { findNearest } from '../config/nearest-name.ts'
import { asRecord } from '../document/json.ts'
import { hasTag, isSelected, type Selectable, type Selection } from '../document/selection.ts'
import { hintByMethod } from '../document/tool.ts'
import type { DescribedOperation } from './description.ts'
import type { Finding } from './problem.ts'

/** What of an operation is looked at. */
type SelectableOperation = Pick<DescribedOperation, 'operation' | 'method' | 'key'>

/** A name that selects nothing, and the one that was probably meant. */
export interface UnmatchedName {
  readonly member: 'tags' | 'operations' | 'exclude'
  readonly name: string
  readonly nearest: string | undefined
}

/** Keeps the selected operations, and tells which of the names given select nothing. */
export function selectOperations<Operation extends SelectableOperation>(
  operations: readonly Operation[],
  selection: Selection,
): { readonly selected: readonly Operation[]; readonly unmatched: readonly UnmatchedName[] } {
  const all = operations.map((operation) => ({ operation, facts: listFacts(operation) }))
  const tags = all.flatMap(({ facts }) => facts.tags)
  const names = all.flatMap(({ facts }) => facts.names.map(String))
  return {
    selected: all.flatMap(({ operation, facts }) => (isSelected(facts, selection) ? [operation] : [])),
    unmatched: [
      ...selection.tags
        .filter((tag) => !all.some(({ facts }) => hasTag(facts, tag)))
        .map(suggest('tags', tags)),
      ...(['operations', 'exclude'] as const).flatMap((member) =>
        selection[member].filter((name) => !names.includes(name)).map(suggest(member, names)),
      ),
    ],
  }
}

function suggest(member: UnmatchedName['member'], known: readonly string[]) {
  return (name: string): UnmatchedName => ({ member, name, nearest: findNearest(name, known) })
}

/** Says what is wrong with a name that selects nothing, and what would be right. */
export function explainUnmatched({ name, nearest }: UnmatchedName): Pick<Finding, 'message' | 'expected'> {
  return {
    message: `"${name}" selects no operation`,
    expected: nearest ?? 'a tag, an operationId, a tool or GET /path',
  }
}

function listFacts({ operation, method, key }: SelectableOperation): Selectable {
  const { name, annotations } = asRecord(operation['x-mcp-tool'])
  const { readOnlyHint = hintByMethod(method).readOnlyHint } = asRecord(annotations)
  return {
    tags: [operation.tags ?? []].flat().map(String),
    names: [operation.operationId, name, `${method.toUpperCase()} ${key}`],
    isReadOnly: readOnlyHint === true,
  }
}
