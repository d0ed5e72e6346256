import type { Api } from '../document/api.ts'
import { nameVariable } from './api-variables.ts'
import type { Environment } from './environment.ts'
import { findNearest } from './nearest-name.ts'
import { listVariables } from './variables.ts'

/** What OpenSSL reads, and Node through it, although its name is close to `TLS_CERT_FILE`. */
const others = new Set(['SSL_CERT_FILE', 'SSL_CERT_DIR'])

/**
 * Finds the variables that nothing reads although they look like the gateway's: with the prefix of the API, or one
 * spelling mistake away from a known name. A settings file refers to some by names of its author's choice. Returns a
 * sentence for each, without its value.
 */
export function findUnknownVariables(
  environment: Environment,
  api: Api,
  references: readonly string[] = [],
): string[] {
  const known = Object.keys(listVariables(api))
  const prefix = nameVariable(api, '')
  return Object.keys(environment)
    .filter((name) => !known.includes(name) && !others.has(name) && !references.includes(name))
    .flatMap((name) => {
      const nearest = findNearest(name, known)
      if (nearest === undefined && !name.startsWith(prefix)) return []
      return [
        `${name} is not a variable of calgate${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
      ]
    })
}
