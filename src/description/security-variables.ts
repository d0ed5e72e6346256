import { nameVariable } from '../config/api-variables.ts'
import { asRecord, isObject } from '../document/json.ts'
import type { Description } from './description.ts'

/**
 * Names the environment variables of the security schemes of a description after the description, for a document that
 * several of them become: two schemes of one name belong to two APIs. A variable that the description names stays.
 */
export function nameVariables(description: Description): Description {
  const components = asRecord(description.document.components)
  if (!isObject(components.securitySchemes)) return description
  const securitySchemes = Object.fromEntries(
    Object.entries(components.securitySchemes).map(([name, part]) => {
      if (!isObject(part) || part['x-env'] !== undefined || part.$ref !== undefined) return [name, part]
      return [name, { ...part, 'x-env': { value: nameVariable(description, name) } }]
    }),
  )
  return {
    ...description,
    document: { ...description.document, components: { ...components, securitySchemes } },
  }
}
