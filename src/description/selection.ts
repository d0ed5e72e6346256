import { asRecord } from '../document/json.ts'
import type { DescribedOperation } from './description.ts'
import { hintByMethod } from './tools.ts'

/** Which operations are served; an empty list selects all. */
export interface Selection {
  readonly tags: readonly string[]
  /** By `operationId`, tool name or `GET /path`. */
  readonly operations: readonly string[]
  readonly exclude: readonly string[]
  /** Only what changes nothing: by the tool's hint, and without one by the method. */
  readonly readOnly: boolean
}

/** Keeps the selected operations, and tells which of the names given select nothing. */
export function selectOperations<Operation extends DescribedOperation>(
  operations: readonly Operation[],
  { tags, operations: named, exclude, readOnly }: Selection,
): { readonly selected: readonly Operation[]; readonly unmatched: readonly string[] } {
  const hasTag = (one: Operation, tag: string) =>
    listTags(one).some((name) => name.toLowerCase() === tag.toLowerCase())
  const selected = operations.filter(
    (one) =>
      (tags.length === 0 || tags.some((tag) => hasTag(one, tag))) &&
      (named.length === 0 || named.some((name) => isNamed(one, name))) &&
      !exclude.some((name) => isNamed(one, name)) &&
      (!readOnly || isReadOnly(one)),
  )
  return {
    selected,
    unmatched: [
      ...tags.filter((tag) => !operations.some((one) => hasTag(one, tag))),
      ...[...named, ...exclude].filter((name) => !operations.some((one) => isNamed(one, name))),
    ],
  }
}

function listTags({ operation }: DescribedOperation): string[] {
  return [operation.tags ?? []].flat().map(String)
}

function isNamed({ operation, method, key }: DescribedOperation, name: string): boolean {
  const tool = asRecord(operation['x-mcp-tool']).name
  return [operation.operationId, tool, `${method.toUpperCase()} ${key}`].includes(name)
}

function isReadOnly({ operation, method }: DescribedOperation): boolean {
  const { readOnlyHint = hintByMethod(method).readOnlyHint } = asRecord(
    asRecord(operation['x-mcp-tool']).annotations,
  )
  return readOnlyHint === true
}
