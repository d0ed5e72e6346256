import { asRecord, isObject } from '../document/json.ts'
import type { Description } from './description.ts'

/**
 * Names the environment variables of the security schemes of a description where the description does not: for the
 * scheme `api_key` of `petstore.yaml` it is `PETSTORE_API_KEY`, for HTTP Basic `…_USERNAME` and `…_PASSWORD`.
 */
export function nameVariables(description: Description): Description {
  const components = asRecord(description.document.components)
  if (!isObject(components.securitySchemes)) return description
  const securitySchemes = Object.fromEntries(
    Object.entries(components.securitySchemes).map(([name, part]) => {
      if (!isObject(part) || part['x-env'] !== undefined || part.$ref !== undefined) return [name, part]
      const variable = toVariable(`${description.name}_${name}`)
      const isBasic = part.type === 'http' && String(part.scheme).toLowerCase() === 'basic'
      const env = isBasic
        ? { username: `${variable}_USERNAME`, password: `${variable}_PASSWORD` }
        : { value: variable }
      return [name, { ...part, 'x-env': env }]
    }),
  )
  return {
    ...description,
    document: { ...description.document, components: { ...components, securitySchemes } },
  }
}

function toVariable(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
}
