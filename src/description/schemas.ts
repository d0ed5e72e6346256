import { asRecord } from '../document/json.ts'
import { completeOperation } from './completion.ts'
import type { DescribedOperation, Description } from './description.ts'
import { identify, toBasePath } from './identity.ts'
import type { DescriptionProblem } from './problem.ts'

/** An operation that can type others, and the file it is from. */
interface Source {
  readonly operation: DescribedOperation
  readonly file: string
}

/**
 * Types the operations of a capability from OpenAPI documents, matched by method and path. One that stands in several
 * documents follows the first of them and is reported, as is one that stands in none.
 */
export function typeDescription(
  capability: Description,
  documents: readonly Description[],
): { readonly description: Description; readonly problems: readonly DescriptionProblem[] } {
  const sources = new Map<string, Source[]>()
  for (const { file, operations, document } of documents)
    for (const operation of operations) {
      const bare = identify(operation, '')
      const whole = identify(operation, toBasePath(readUrl(operation, document)))
      for (const shape of new Set([whole, bare])) {
        const known = sources.get(shape) ?? []
        sources.set(shape, [...known, { operation, file }])
      }
    }
  const problems: DescriptionProblem[] = []
  const operations = capability.operations.map((operation) => {
    const whole = identify(operation, toBasePath(readUrl(operation, capability.document)))
    const found = sources.get(whole) ?? sources.get(identify(operation, '')) ?? []
    const files = [...new Set(found.map(({ file }) => file))]
    const name = `${operation.method.toUpperCase()} ${operation.key}`
    const warn = (message: string, expected: string) => {
      problems.push({
        file: capability.file,
        ...operation.findPosition(),
        message,
        expected,
        severity: 'warning',
      })
    }
    if (files.length > 1) warn(`${name} stands in ${files.join(', ')} and follows the first`, 'one of them')
    const [source] = found
    if (source) return completeOperation(operation, source.operation)
    warn(`${name} stands in no document that --schemas names`, 'a document that describes it')
    return operation
  })
  return { description: { ...capability, operations }, problems }
}

function readUrl({ operation }: DescribedOperation, document: Description['document']): string {
  const [server] = [operation.servers ?? document.servers ?? []].flat()
  return String(asRecord(server).url ?? '')
}
