import { type OpenApiDocument, resolveReference } from '../document/document.ts'
import { asRecord, isObject } from '../document/json.ts'
import { listPathVariables, matchVariables } from '../document/path-template.ts'

/** A call that reads, filled with the examples of its document. */
export interface SampleCall {
  /** Path on the REST server. */
  readonly path: string
  readonly parameters: readonly SampleParameter[]
}

interface SampleParameter {
  readonly in: string
  readonly name: string
  readonly required?: boolean
  readonly example?: unknown
  readonly schema?: { readonly format?: string; readonly example?: unknown }
}

/**
 * Picks the GET operation with the most path variables of those that the document's examples fill: one item shows more
 * than a list. Returns undefined where there is none.
 */
export function findSampleCall(document: OpenApiDocument): SampleCall | undefined {
  const calls = Object.entries(document.paths).flatMap(([path, { get }]) => {
    const { parameters = [], 'x-rest-path': template = path } = asRecord(get)
    // A schema of a response may lead back to itself, and none has an example of a parameter.
    const resolve = (part: unknown) => asRecord(resolveReference(document, part))
    const read = [parameters].flat().map((one): unknown => {
      const parameter = resolve(one)
      return { ...parameter, schema: resolve(parameter.schema) }
    })
    return get === undefined || typeof template !== 'string' ? [] : fill(template, read.filter(isParameter))
  })
  return calls.toSorted((one, other) => other.variables - one.variables)[0]
}

function fill(template: string, parameters: readonly SampleParameter[]) {
  const examples = new Map(parameters.map((one) => [one.name, one.example ?? one.schema?.example]))
  const { names } = matchVariables(
    template,
    parameters.flatMap((one) => (one.in === 'path' ? [one.name] : [])),
  )
  const variables = listPathVariables(template)
  const findExample = (variable: string) => examples.get(names.get(variable) ?? variable)
  const needed = parameters.filter((one) => one.in === 'query' && one.required)
  if (needed.length > 0 || variables.some((name) => findExample(name) === undefined)) return []
  const path = template.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(String(findExample(name))),
  )
  // A path that a shell would read otherwise is no example.
  if (!/^[\w/.~%:@-]+$/.test(path)) return []
  return [{ path, parameters, variables: variables.length }]
}

function isParameter(part: unknown): part is SampleParameter {
  return isObject(part) && 'name' in part && typeof part.name === 'string'
}
