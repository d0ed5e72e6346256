import { isKey } from '../config/gateway-keys.ts'
import type { McpClient, McpServerEntry } from '../mcp/client-configuration.ts'
import { parseSelection } from '../mcp/tool-selection.ts'
import { CommandError } from './command.ts'

/**
 * Describes a gateway that runs, for a client that reaches it by its URL and the gateway key in a variable. Throws a
 * `CommandError` for what the client cannot use, and for what would be a secret in its file.
 */
export function describeRunning(client: McpClient, url: string, key: string | undefined): McpServerEntry {
  checkUrl(url)
  if (key === undefined) return { url, headers: {} }
  checkVariable(key)
  if (!client.remote)
    throw new CommandError(
      `${client.title} reads no variables; leave --key out, and add to what is written: "--header", "Authorization:\${AUTHORIZATION}" to args, and the variable AUTHORIZATION, "Bearer " and the key, as env`,
    )
  return { url, headers: { Authorization: { prefix: 'Bearer ', variable: key } } }
}

/** Refuses a URL that is none or may have a secret, which no message repeats. */
function checkUrl(text: string): void {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) {
    const told = /[@?#]/.test(text) ? '' : `, not ${JSON.stringify(text)}`
    throw new CommandError(`--url takes an http or https URL${told}`)
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw new CommandError(
      '--url takes no user, password and fragment, which the file would have; a gateway key goes into a variable that --key names',
    )
  try {
    parseSelection(url.search.slice(1))
  } catch {
    throw new CommandError(
      '--url takes no query but the selection of tools, such as ?tag=Customers&read-only; a gateway key goes into a variable that --key names',
    )
  }
}

/** Refuses a key in place of its variable, which would stand in the file, without repeating it. */
function checkVariable(variable: string): void {
  if (isKey(variable) || !/^[A-Za-z_]\w*$/.test(variable))
    throw new CommandError('--key takes the name of a variable, never the key itself')
}
