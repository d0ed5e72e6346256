import { listPathVariables } from '../../document/path-template.ts'
import type { ConsumedApi } from './capability-file.ts'

/** A Server Object of OpenAPI. */
export interface Server {
  readonly url: string
  readonly variables?: Readonly<Record<string, { readonly default: string; readonly description?: string }>>
}

/**
 * Derives the servers of a consumed API from its `baseUri`: none for an empty one, whose address is the operator's to
 * say. A variable has an empty default, since the file knows no value: the operator has to give one.
 */
export function deriveServers({ baseUri = '' }: ConsumedApi): Server[] {
  const url = baseUri.replaceAll('{{', '{').replaceAll('}}', '}').replace(/\/+$/, '')
  if (url === '') return []
  const variables = listPathVariables(url)
  if (variables.length === 0) return [{ url }]
  return [{ url, variables: Object.fromEntries(variables.map((name) => [name, { default: '' }])) }]
}
