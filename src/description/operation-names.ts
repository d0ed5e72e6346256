import type { DescribedOperation, Description, MergedOperation } from './description.ts'
import { readOperationId } from './exposure.ts'

/** What each description calls its operations: served with others, one may have another id, or be that of another file. */
export class OperationNames {
  readonly #identities = new Map<Description, Map<string, string[]>>()

  /** Adds the name of an operation, which may be that of several; `identity` is what it is among all. */
  add(description: Description, operation: DescribedOperation, identity: string): void {
    const own = this.#identities.get(description) ?? new Map<string, string[]>()
    const id = readOperationId(operation)
    this.#identities.set(description, own.set(id, [...(own.get(id) ?? []), identity]))
  }

  /** Leads what an operation says of others (`x-redeliver`) to the ids that they have; a name of none stays. */
  lead(one: MergedOperation, ids: ReadonlyMap<string, string>): MergedOperation {
    const { 'x-redeliver': given } = one.operation
    if (!Array.isArray(given)) return one
    const own = this.#identities.get(one.description)
    const led = given
      .map(String)
      .flatMap((name) => own?.get(name)?.map((identity) => ids.get(identity)) ?? [name])
    return { ...one, operation: { ...one.operation, 'x-redeliver': [...new Set(led)] } }
  }
}
