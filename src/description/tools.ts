import { asRecord, asText, isObject } from '../document/json.ts'
import { splitPathKey } from '../document/path-template.ts'
import { hintByMethod } from '../document/tool.ts'
import type { DescribedOperation } from './description.ts'
import { type NameRegistry, toArgumentNames } from './naming.ts'

type Part = Readonly<Record<string, unknown>>

/**
 * Completes the tool of an operation: its name by the rule of names, and what the description leaves open. An argument
 * stands for each parameter, by its name, and `body` for the body; credentials of the security schemes are none.
 */
export function completeTool(
  { operation, method }: Pick<DescribedOperation, 'operation' | 'method'>,
  given: Part,
  names: NameRegistry,
  identity: string,
): Part {
  const { operationId, summary, description } = operation
  const name = String(given.name ?? operationId)
  const title = asText(given.title) || asText(summary) || name
  const bound = isObject(given.arguments)
    ? bindOnce(Object.entries(given.arguments), operation)
    : listArguments(operation)
  const argumentNames = toArgumentNames(bound.map(([part, name]) => [part, String(name)]))
  return {
    ...given,
    name: names.take(name, identity),
    title,
    description: asText(given.description) || asText(description) || title,
    annotations: { ...hintByMethod(method), ...asRecord(given.annotations) },
    arguments: Object.fromEntries(bound.map(([part], index) => [part, argumentNames[index]])),
  }
}

/** Lists the parts of a request by the names that `x-mcp-tool` knows them by. */
function listArguments({ parameters, requestBody }: Part): [string, unknown][] {
  const named = bindParameters([parameters ?? []].flat(), [])
  return requestBody === undefined ? named : [...named, ['body', 'body']]
}

/** Binds parameters to arguments of their names beside those that are bound; the further of one name is `query.name`. */
export function bindParameters(
  parameters: readonly unknown[],
  bound: readonly (readonly [string, unknown])[],
): [string, unknown][] {
  const seen = new Set<string>(['body', ...bound.map(([part]) => part)])
  return parameters.map((parameter): [string, string] => {
    const { name, in: place } = asRecord(parameter)
    const isFurther = seen.has(String(name))
    seen.add(String(name))
    return isFurther ? [`${place}.${name}`, `${place}_${name}`] : [String(name), String(name)]
  })
}

/** Gives an argument that is bound to a name to the first parameter of that name: of others it is not the value. */
function bindOnce(bound: readonly [string, unknown][], { parameters }: Part): [string, unknown][] {
  const own = [parameters ?? []].flat().map(asRecord)
  const isBound = (part: string) => bound.some(([key]) => key === part)
  return bound.map(([part, name]) => {
    const places = own.filter((one) => one.name === part).map((one) => `${one.in}.${part}`)
    const [first, ...others] = places.filter((place) => !isBound(place))
    return first === undefined || others.length === 0 || part === 'body' ? [part, name] : [first, name]
  })
}

/**
 * Returns the path that the REST server offers an operation at, without a prefix: the description's own. What tells
 * operations apart that have one path, a constant query or a label, is a further segment: `/#Action=List` is
 * `/Action=List`.
 */
export function toRestPath(key: string): string {
  const { path, query, label } = splitPathKey(key)
  const segments = [query, label.replaceAll(/[{}]/g, '')]
    .filter((part) => part !== '')
    .map((part) => part.replace(/^\/+/, ''))
  return [path.replace(/\/$/, segments.length > 0 ? '' : '$&'), ...segments].join('/')
}
