import { readFileSync } from 'node:fs'
import { asRecord } from './json.ts'

/** The derived OpenAPI 3.0.3 document, as far as every part of the gateway relies on its form. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly [member: string]: unknown
}

const shipped = new URL('../../openapi/openapi.json', import.meta.url)

/** Reads the shipped document, or another one of the same form. */
export function readDocument(file: URL = shipped): OpenApiDocument {
  const document: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isDocument(document))
    throw new TypeError('the OpenAPI document has no paths; derive it with `make openapi`')
  return document
}

function isDocument(value: unknown): value is OpenApiDocument {
  return typeof value === 'object' && value !== null && 'openapi' in value && 'paths' in value
}

/**
 * Gives any part of a document with its local `$ref`s replaced by what they name. Throws a `TypeError` on a
 * reference that leads nowhere and on one that leads back to itself, which a closed tool schema cannot hold.
 */
export function inlineReferences(
  document: OpenApiDocument,
  part: unknown,
  open: readonly string[] = [],
): unknown {
  if (Array.isArray(part)) return part.map((one) => inlineReferences(document, one, open))
  if (typeof part !== 'object' || part === null) return part
  if ('$ref' in part && typeof part.$ref === 'string') {
    const { $ref } = part
    if (open.includes($ref)) throw new TypeError(`the reference ${$ref} leads back to itself`)
    return inlineReferences(document, resolve(document, $ref), [...open, $ref])
  }
  return Object.fromEntries(
    Object.entries(part).map(([name, one]) => [name, inlineReferences(document, one, open)]),
  )
}

function resolve(document: OpenApiDocument, reference: string): unknown {
  const names = reference.replace(/^#\//, '').split('/')
  const found = names.reduce<unknown>(
    (place, name) => asRecord(place)[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  )
  if (found === undefined) throw new TypeError(`the reference ${reference} leads nowhere`)
  return found
}
