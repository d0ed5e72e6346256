import { asRecord, isObject, readOwn } from '../../document/json.ts'
import { identifyParameter } from '../../document/parameters.ts'
import type { Finding } from '../problem.ts'
import { resolvePart, walkParts } from './references.ts'

/**
 * Prepares an OpenAPI 2.0 document for upgrading: says how its lists are written, and puts in the places of their
 * references what is upgraded nowhere else. Changes the document.
 */
export function prepareSwagger(document: object): Finding[] {
  const findings = readListFormats(document)
  const basePath = readOwn(document, 'basePath')
  // The upgrader writes it right after the host.
  if (typeof basePath === 'string' && !basePath.startsWith('/'))
    Reflect.set(document, 'basePath', `/${basePath}`)
  const paths = readOwn(document, 'paths')
  if (!isObject(paths)) return findings
  for (const [path, item] of Object.entries(paths)) {
    if (!isObject(item)) continue
    const { $ref, ...own } = item
    const whole = isForeign($ref) ? { ...asRecord(place(document, item)), ...own } : item
    Reflect.set(paths, path, placeParts(document, whole))
  }
  return findings
}

/**
 * Requires the body of each form that has a required field: the upgrader requires the field alone, and a form that is
 * missing as a whole would be sent. Changes the document, which is upgraded already.
 */
export function requireForms(document: object): void {
  for (const item of Object.values(asRecord(readOwn(document, 'paths'))))
    for (const operation of Object.values(asRecord(item))) {
      const body = readOwn(operation, 'requestBody')
      if (!isObject(body)) continue
      const forms = Object.entries(asRecord(body.content)).filter(([type]) => formTypes.has(type))
      const fields = forms.flatMap(([, form]) => readOwn(readOwn(form, 'schema'), 'required') ?? [])
      if (fields.length > 0) Reflect.set(body, 'required', true)
    }
}

const formTypes = new Set(['application/x-www-form-urlencoded', 'multipart/form-data'])

/** How OpenAPI 2.0 has lists written that OpenAPI 3 has no style for. */
const lostFormats: Readonly<Record<string, readonly unknown[]>> = {
  query: ['tsv'],
  formData: ['tsv'],
  path: ['tsv', 'ssv', 'pipes'],
  header: ['tsv', 'ssv', 'pipes'],
}

/**
 * Finds the lists that will be written otherwise than the document says. Says of lists in forms that they have commas
 * where nothing else is said (OpenAPI 2.0, `collectionFormat`), which the upgrader does of other parameters alone.
 */
function readListFormats(source: object): Finding[] {
  const findings: Finding[] = []
  walkParts(source, (part, path) => {
    const { in: location, name, type, items, collectionFormat: format } = part
    if (type !== 'array' || typeof location !== 'string') return
    if (location === 'formData' && format === undefined && asRecord(items).type !== 'file')
      Reflect.set(part, 'collectionFormat', 'csv')
    if (readOwn(lostFormats, location)?.includes(format))
      findings.push({
        path: [...path, 'collectionFormat'],
        message: `the list "${name}" is not written as ${format}: OpenAPI 3 has no style for it`,
        expected: location === 'path' || location === 'header' ? 'csv' : 'csv, ssv, pipes or multi',
        severity: 'warning',
      })
  })
  return findings
}

/**
 * Places bodies and form fields with their operations, since what they become depends on the operation's `consumes` and
 * on its other fields, and whatever stands in another file, which is not upgraded.
 */
function placeParts(document: object, item: Readonly<Record<string, unknown>>): object {
  const placeAll = (parameters: unknown) =>
    [parameters ?? []].flat().map((part) => {
      const found = resolvePart(document, part)
      return isBody(found) || isForeign(readOwn(part, '$ref')) ? place(document, part) : part
    })
  const shared = placeAll(item.parameters)
  const placed = Object.entries(item).map(([name, part]): [string, unknown] => {
    if (name === 'parameters') return [name, shared.filter((one) => !isBody(one))]
    if (name.startsWith('x-') || !isObject(part)) return [name, part]
    const own = placeAll(part.parameters)
    const overridden = new Set(own.map(identify))
    const inherited = shared.filter((one) => isBody(one) && !overridden.has(identify(one)))
    const responses = Object.entries(asRecord(part.responses)).map(
      ([status, response]): [string, unknown] => [
        status,
        isForeign(readOwn(response, '$ref')) ? place(document, response) : response,
      ],
    )
    const parameters = [...own, ...structuredClone(inherited)]
    return [name, { ...part, parameters, responses: Object.fromEntries(responses) }]
  })
  return Object.fromEntries(placed)
}

/** Copies what a reference names: the upgrader changes each part in place, once for each place. */
function place(document: object, part: unknown): unknown {
  return structuredClone(resolvePart(document, part))
}

function isForeign(reference: unknown): boolean {
  return String(reference).startsWith('#/x-files/')
}

function isBody(part: unknown): boolean {
  const location = readOwn(part, 'in')
  return location === 'body' || location === 'formData'
}

/** An operation has one body, whatever its name. */
function identify(part: unknown): string {
  return readOwn(part, 'in') === 'body' ? 'body' : identifyParameter(asRecord(part))
}
