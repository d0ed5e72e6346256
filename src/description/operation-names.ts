import { asRecord, isObject, readOwn } from '../document/json.ts'
import { mapValues } from '../document/json-schema.ts'
import type { DescribedOperation, Description, MergedOperation } from './description.ts'
import { readOperationId } from './exposure.ts'
import { resolveDescribed, resolvePart } from './openapi/references.ts'

/** What each description calls its operations: served with others, one may have another id, or be that of another file. */
export class OperationNames {
  readonly #identities = new Map<Description, Map<string, string[]>>()

  /** Adds the name of an operation, which may be that of several; `identity` is what it is among all. */
  add(description: Description, operation: DescribedOperation, identity: string): void {
    const own = this.#identities.get(description) ?? new Map<string, string[]>()
    const id = readOperationId(operation)
    this.#identities.set(description, own.set(id, [...(own.get(id) ?? []), identity]))
  }

  /** Leads what an operation says of others (`x-redeliver`, links) to the ids that they have; a name of none stays. */
  lead(one: MergedOperation, ids: ReadonlyMap<string, string>): MergedOperation {
    const own = this.#identities.get(one.description)
    const findIds = (name: string) => own?.get(name)?.map((identity) => ids.get(identity) ?? name) ?? [name]
    const { 'x-redeliver': given, ...operation } = one.operation
    const redelivered = Array.isArray(given) && [...new Set(given.map(String).flatMap(findIds))]
    const leadLink = (link: unknown) => {
      const id = readOwn(link, 'operationId')
      return typeof id === 'string' ? { ...asRecord(link), operationId: findIds(id)[0] } : link
    }
    return {
      ...one,
      operation: {
        ...operation,
        ...(redelivered && { 'x-redeliver': redelivered }),
        responses: mapLinks(operation.responses, leadLink),
      },
    }
  }
}

/**
 * Puts the links of a description's responses in the places of references: descriptions may share components, but each
 * has names of its own for operations.
 */
export function placeLinks(description: Description): Description {
  const { document, operations } = description
  const place = (response: unknown) => {
    const found = resolveDescribed(document, response)
    return readOwn(found, 'links') === undefined ? response : found
  }
  const placed = operations.map((one) => {
    const responses = mapValues(asRecord(one.operation.responses), place)
    const linked = mapLinks(responses, (link) => resolvePart(document, link) ?? link)
    return { ...one, operation: { ...one.operation, responses: linked } }
  })
  return { ...description, operations: placed }
}

function mapLinks(responses: unknown, map: (link: unknown) => unknown): object {
  return mapValues(asRecord(responses), (response) => {
    const links = readOwn(response, 'links')
    return isObject(links) ? { ...asRecord(response), links: mapValues(links, map) } : response
  })
}
