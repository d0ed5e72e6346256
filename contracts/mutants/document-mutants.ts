import type { OpenApiDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { escapeName, splitPointer } from '../../src/document/json-pointer.ts'
import { listPointers, type Mutant, readPointer, replaceAt } from './mutant.ts'
import { listSchemaChanges } from './schema-changes.ts'

/** The document with one promise more, less or other than it makes. */
export interface DocumentMutant extends Mutant {
  readonly document: OpenApiDocument
}

const methods = new Set(['get', 'put', 'post', 'delete', 'patch'])

/**
 * Lists the mutants of a document: each constraint loosened and tightened, each operation, parameter, status and
 * media type removed, each parameter and body required or not. What a reference leads to is changed once, for all
 * operations that use it.
 */
export function listDocumentMutants(document: OpenApiDocument): DocumentMutant[] {
  const users = findUsers(document)
  return listPointers(document).flatMap((pointer) => {
    const operations = [...users].filter(([place]) => isWithin(pointer, place)).flatMap(([, names]) => names)
    if (
      operations.length === 0 ||
      /\/(example|examples|x-[\w-]+|headers|security)(\/|$)/.test(pointer.replace('/x-propertyNames', ''))
    )
      return []
    return listChanges(document, pointer).map(({ what, replacement }) => ({
      class: 'document' as const,
      name: `${splitPointer(pointer).join(' ')}: ${what}`,
      operations: [...new Set(operations)],
      // The served document is the committed one: no other schema is as good, even one that allows the same values.
      allowed: false,
      document: replaceAt(document, pointer, replacement),
    }))
  })
}

function listChanges(document: OpenApiDocument, pointer: string): { what: string; replacement: unknown }[] {
  const names = splitPointer(pointer)
  const value = readPointer(document, pointer)
  if (isOperation(names)) return [{ what: 'removed', replacement: undefined }]
  if (isParameter(names))
    return [
      { what: `${asRecord(value).name} removed`, replacement: undefined },
      {
        what: `${asRecord(value).name} required flipped`,
        replacement: { ...asRecord(value), required: !asRecord(value).required },
      },
    ]
  if (names.at(-1) === 'requestBody' && isOperation(names.slice(0, -1)))
    return [
      { what: 'required flipped', replacement: { ...asRecord(value), required: !asRecord(value).required } },
    ]
  if (isStatus(names) || names.at(-2) === 'content') return [{ what: 'removed', replacement: undefined }]
  if (!isSchema(names)) return []
  return listSchemaChanges(asRecord(value)).map(({ what, schema }) => ({ what, replacement: schema }))
}

function isOperation([place, , method = '', ...rest]: readonly string[]): boolean {
  return place === 'paths' && methods.has(method) && rest.length === 0
}

function isParameter(names: readonly string[]): boolean {
  return names.at(-2) === 'parameters' && isOperation(names.slice(0, -2))
}

function isStatus(names: readonly string[]): boolean {
  return names.at(-2) === 'responses' && isOperation(names.slice(0, -2))
}

/** A schema stands where OpenAPI has one, and below one where JSON Schema has one. */
function isSchema(names: readonly string[]): boolean {
  const [place, group, , ...inside] = names
  const start =
    place === 'components' && group === 'schemas' ? inside : names.slice(names.indexOf('schema') + 1)
  if (place !== 'components' && !names.includes('schema')) return false
  if (place === 'components' && group !== 'schemas' && !names.includes('schema')) return false
  let rest = [...start]
  while (rest.length > 0) {
    const [keyword = ''] = rest
    const steps = ['properties', 'anyOf', 'oneOf', 'allOf'].includes(keyword)
      ? 2
      : ['items', 'additionalProperties', 'not', 'x-propertyNames'].includes(keyword)
        ? 1
        : 0
    if (steps === 0 || rest.length < steps) return false
    rest = rest.slice(steps)
  }
  return true
}

/**
 * Finds every place that an operation is made of, its own and those that references lead to, with the operations it is
 * in.
 */
function findUsers(document: OpenApiDocument): Map<string, string[]> {
  const users = new Map<string, string[]>()
  const visit = (pointer: string, name: string) => {
    const known = users.get(pointer) ?? []
    if (known.includes(name)) return
    users.set(pointer, [...known, name])
    for (const inner of listPointers(readPointer(document, pointer))) {
      const value = readPointer(document, pointer + inner)
      if (inner.endsWith('/$ref') && typeof value === 'string') visit(value.slice(1), name)
    }
  }
  for (const [path, item] of Object.entries(document.paths))
    for (const method of Object.keys(item).filter((one) => methods.has(one)))
      visit(`/paths/${escapeName(path)}/${method}`, `${method.toUpperCase()} ${path}`)
  return users
}

function isWithin(pointer: string, place: string): boolean {
  return pointer === place || pointer.startsWith(`${place}/`)
}
