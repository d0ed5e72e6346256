import { readMapped } from './discriminator.ts'
import { followPointer } from './document.ts'
import { asRecord, isObject, readOwn } from './json.ts'

/**
 * Copies a document for a program that reads all of it, without the references that lead out of it or nowhere.
 * Such a program follows every `$ref`, also in an example or an extension, and every `discriminator.mapping`; which
 * files and addresses a description may lead to was decided when it was loaded.
 */
export function keepLocalReferences(document: object): object {
  const isLocal = (reference: string) => followPointer(document, reference) !== undefined
  const copy = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(copy)
    if (!isObject(part)) return part
    const kept = Object.entries(part).filter(
      ([name, one]) => name !== '$ref' || typeof one !== 'string' || isLocal(one),
    )
    const copied = kept.map(([name, one]): [string, unknown] => [name, copy(one)])
    return Object.fromEntries(
      copied.map(([name, one]) => [name, name === 'discriminator' ? leadMapping(one, isLocal) : one]),
    )
  }
  return asRecord(copy(document))
}

/** A mapping may name a schema by its name alone (OpenAPI 3.1, Discriminator Object), which programs take for a file. */
function leadMapping(discriminator: unknown, isLocal: (reference: string) => boolean): unknown {
  const mapping = readOwn(discriminator, 'mapping')
  if (!isObject(mapping)) return discriminator
  const mapped = Object.entries(mapping).map(([value, target]) => [value, readMapped(target)] as const)
  return {
    ...asRecord(discriminator),
    mapping: Object.fromEntries(mapped.filter(([, target]) => isLocal(target))),
  }
}
