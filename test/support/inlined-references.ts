import { type OpenApiDocument, resolveReference } from '../../src/document/document.ts'

/** Gives a part of a document with its references replaced by what they name, none of which may lead back to itself. */
export function inlineReferences(document: OpenApiDocument, part: unknown): unknown {
  if (Array.isArray(part)) return part.map((one) => inlineReferences(document, one))
  const found = resolveReference(document, part)
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return found
  return Object.fromEntries(
    Object.entries(found).map(([name, one]: [string, unknown]) => [name, inlineReferences(document, one)]),
  )
}
