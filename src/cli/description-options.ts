import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { DescriptionOptions } from '../description/files.ts'
import { readOwn } from '../document/json.ts'

/** Each option by its flags; docs/descriptions.md lists the same. */
export const descriptionOptions = {
  '--overlay <file>': 'apply an overlay (1.0 or 1.1); repeat it for more',
  '--schemas <file>': 'type a capability from an OpenAPI document; repeat it for more',
  '--base-url <[name=]url>': 'address of the API, of all descriptions or of NAME.yaml',
  '--server-variable <name=value>': 'value of a variable of a server',
  '--prefix <[name=]/path>': 'what stands before the paths on the REST server',
  '--tag <name>': 'serve the operations of a tag; repeat it for more',
  '--operation <name>': 'serve an operation, by operationId, tool or "GET /path"; repeat it for more',
  '--exclude <name>': 'leave out an operation; repeat it for more',
  '--read-only': 'serve only operations that change nothing',
  '--allow-ref <url>': 'follow references that begin with the URL',
  '--strict': 'refuse descriptions of which anything is left out',
} as const

/** Options for a mock that is to stand in for the API: its descriptions need no server. */
export const mockAddress: DescriptionOptions = { baseUrl: ['http://127.0.0.1'] }

/** Adds the options to a command. */
export function addDescriptionOptions(command: Command): Command {
  const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value]
  for (const [flags, what] of Object.entries(descriptionOptions)) {
    if (flags.includes('<')) command.option(flags, what, collect)
    else command.option(flags, what)
  }
  return command
}

/** Names the first option of descriptions that is given. */
export function findOption(options: DescriptionOptions): string | undefined {
  return writeOptions(options)[0]
}

/** Writes options of descriptions as arguments that another run reads the same from; files by their whole paths. */
export function writeOptions(options: DescriptionOptions): string[] {
  return Object.keys(descriptionOptions).flatMap((flags) => {
    const [flag = '', kind] = flags.split(' ')
    const value = readOwn(options, toMember(flag))
    if (value === true) return [flag]
    const values = Array.isArray(value) ? value.map(String) : []
    return values.flatMap((one) => [flag, kind === '<file>' ? resolve(one) : one])
  })
}

/** The member that commander gives an option: `--base-url` is `baseUrl`. */
function toMember(flag: string): string {
  return flag.slice(2).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
