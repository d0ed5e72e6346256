import { asRecord } from '../document/json.ts'
import { hasTag, isSelected, type Selectable, type Selection } from '../document/selection.ts'
import { hintByMethod } from '../document/tool.ts'
import type { DescribedOperation } from './description.ts'

/** Keeps the selected operations, and tells which of the names given select nothing. */
export function selectOperations<Operation extends DescribedOperation>(
  operations: readonly Operation[],
  selection: Selection,
): { readonly selected: readonly Operation[]; readonly unmatched: readonly string[] } {
  const all = operations.map((operation) => ({ operation, facts: listFacts(operation) }))
  return {
    selected: all.flatMap(({ operation, facts }) => (isSelected(facts, selection) ? [operation] : [])),
    unmatched: [
      ...selection.tags.filter((tag) => !all.some(({ facts }) => hasTag(facts, tag))),
      ...[...selection.operations, ...selection.exclude].filter(
        (name) => !all.some(({ facts }) => facts.names.includes(name)),
      ),
    ],
  }
}

function listFacts({ operation, method, key }: DescribedOperation): Selectable {
  const { name, annotations } = asRecord(operation['x-mcp-tool'])
  const { readOnlyHint = hintByMethod(method).readOnlyHint } = asRecord(annotations)
  return {
    tags: [operation.tags ?? []].flat().map(String),
    names: [operation.operationId, name, `${method.toUpperCase()} ${key}`],
    isReadOnly: readOnlyHint === true,
  }
}
