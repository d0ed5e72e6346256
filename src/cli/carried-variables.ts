import { resolve } from 'node:path'
import { nameVariable, type VariableDescription } from '../config/api-variables.ts'
import { isBaseUrl } from '../config/urls.ts'
import { listVariables, variables } from '../config/variables.ts'
import type { Api } from '../document/api.ts'
import type { ConfigurationValue } from '../mcp/client-configuration.ts'
import { type CommandContext, CommandError } from './command.ts'

/**
 * Lists the variables that are set and that a gateway over stdio reads, those of an API included unless a mock stands in
 * for it: a secret as a reference, anything else as it is, files by their whole path. Throws a `CommandError` for an
 * address that the gateway would refuse.
 */
export function listCarried(
  environment: CommandContext['environment'],
  api: Api | undefined,
): Record<string, ConfigurationValue> {
  const read: Readonly<Record<string, VariableDescription>> = api ? listVariables(api) : variables
  const addresses = [...(api ? [nameVariable(api, 'base_url')] : []), 'OTEL_EXPORTER_OTLP_ENDPOINT']
  for (const variable of addresses) checkAddress(variable, environment)
  const names = Object.keys(read).filter((name) => !read[name]?.isHttpOnly)
  return Object.fromEntries(
    names.flatMap((variable): [string, ConfigurationValue][] => {
      const value = environment[variable]?.trim()
      if (!value) return []
      if (variable.endsWith('_FILE')) return [[variable, resolve(value)]]
      if (`${variable}_FILE` in read) return [[variable, { variable }]]
      // The URL of a proxy may have a password, also in a spelling that is none of a URL, or a key in its query.
      if (!/[@?]/.test(value)) return [[variable, value]]
      const secret = value.includes('@') ? 'a password' : 'a query'
      return [[variable, { variable, advice: `unset ${variable}, which has ${secret}` }]]
    }),
  )
}

/** Refuses an address that the gateway refuses, before it stands in the file with a password or a key in its query. */
function checkAddress(variable: string, environment: CommandContext['environment']): void {
  const value = environment[variable]?.trim()
  if (value && !isBaseUrl(value))
    throw new CommandError(`${variable} must be an http or https URL without user, query and fragment`)
}
