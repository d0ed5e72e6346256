import { readMapped } from './discriminator.ts'
import { followPointer } from './document.ts'
import { asRecord, isObject } from './json.ts'

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
    return Object.fromEntries(
      kept.map(([name, one]): [string, unknown] => [
        name,
        name === 'discriminator' && isObject(one) ? copyDiscriminator(one, isLocal) : copy(one),
      ]),
    )
  }
  return asRecord(copy(document))
}

/** A mapping may name a schema by its name alone (OpenAPI 3.1, Discriminator Object), which programs take for a file. */
function copyDiscriminator(
  discriminator: Readonly<Record<string, unknown>>,
  isLocal: (reference: string) => boolean,
): Readonly<Record<string, unknown>> {
  const { mapping, ...rest } = discriminator
  if (!isObject(mapping)) return discriminator
  const mapped = Object.entries(mapping).map(([value, target]) => [value, readMapped(target)] as const)
  return { ...rest, mapping: Object.fromEntries(mapped.filter(([, target]) => isLocal(target))) }
}
