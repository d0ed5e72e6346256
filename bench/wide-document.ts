import type { OpenApiDocument } from '../src/document/document.ts'
import { asRecord } from '../src/document/json.ts'

/** Makes a document with so many operations: those it has, copied under further paths with names of their own. */
export function widenDocument(document: OpenApiDocument, operations: number): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {}
  const own = Object.entries(document.paths)
  let count = 0
  for (let copy = 0; count < operations; copy += 1)
    for (const [path, item] of own) {
      const members = Object.entries(item).slice(0, operations - count)
      if (members.length > 0)
        paths[rename(path, copy)] = Object.fromEntries(
          members.map(([method, operation]) => [method, renameOperation(asRecord(operation), copy)]),
        )
      count += members.length
    }
  return { ...document, paths }
}

function rename(path: string, copy: number): string {
  return copy === 0 ? path : path.replace(/^(\/v1)?/, `$1/copy-${copy}`)
}

function renameOperation(operation: Readonly<Record<string, unknown>>, copy: number): object {
  if (copy === 0) return operation
  const { operationId, 'x-rest-path': restPath, 'x-mcp-tool': tool } = operation
  return {
    ...operation,
    operationId: `${operationId}-${copy}`,
    'x-rest-path': rename(String(restPath), copy),
    ...(tool === undefined
      ? {}
      : { 'x-mcp-tool': { ...asRecord(tool), name: `${asRecord(tool).name}-${copy}` } }),
  }
}
