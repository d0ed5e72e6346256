import { readFileSync } from 'node:fs'
import { isObject, readOwn } from './json.ts'
import { splitFragment } from './json-pointer.ts'
import { onceFor } from './once.ts'

/**
 * An OpenAPI document, as far as every part of the gateway relies on its form: the shipped one is 3.0.3, those of
 * descriptions are 3.1 or 3.2.
 */
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
 * Gives the object that a part of a document is or refers to (`$ref`), through references to references. Undefined
 * where they lead nowhere, out of the document or back to where they began.
 */
export function resolveReference(document: OpenApiDocument, part: unknown): unknown {
  return followReferences(part, (reference) => find(document, reference))
}

/** Gives the object that a part is or refers to, as `resolveReference` does, by what finds the target of a reference. */
export function followReferences(part: unknown, findTarget: (reference: string) => unknown): unknown {
  const open = new Set<string>()
  let here = part
  for (;;) {
    const $ref = readOwn(here, '$ref')
    if (typeof $ref !== 'string') return here
    if (open.has($ref)) return undefined
    open.add($ref)
    here = findTarget($ref)
  }
}

/**
 * Gives what a reference names, be it a reference once more that says something of its own. Undefined where following
 * it to its end leads nowhere.
 */
export function resolveLink(document: OpenApiDocument, reference: string): unknown {
  let here: unknown = { $ref: reference }
  if (resolveReference(document, here) === undefined) return undefined
  do {
    here = find(document, String(readOwn(here, '$ref')))
  } while (isObject(here) && typeof here.$ref === 'string' && Object.keys(here).length === 1)
  return here
}

const foundIn = onceFor((_: OpenApiDocument) => new Map<string, unknown>())

/** Operations share what they refer to, so each is looked for once. */
function find(document: OpenApiDocument, reference: string): unknown {
  const found = foundIn(document)
  if (!found.has(reference)) found.set(reference, followPointer(document, reference))
  return found.get(reference)
}

/** Follows the pointer of a local reference to what it names itself; undefined where it names nothing, or leads elsewhere. */
export function followPointer(document: unknown, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined
  return splitFragment(reference).reduce<unknown>((place, name) => readOwn(place, name), document)
}
