import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { DescriptionOptions } from '../description/files.ts'
import { asList, readOwn } from '../document/json.ts'

/** Each option by its flags: the member that it fills, and what it does. docs/descriptions.md lists the same. */
export const descriptionOptions = {
  '--overlay <file>': ['overlays', 'apply an overlay (1.0 or 1.1); repeat it for more'],
  '--schemas <file>': ['schemas', 'type a capability from an OpenAPI document; repeat it for more'],
  '--base-url <[name=]url>': ['baseUrls', 'address of the API, of all descriptions or of NAME.yaml'],
  '--server-variable <name=value>': ['serverVariables', 'value of a variable of a server'],
  '--prefix <[name=]/path>': ['prefixes', 'what stands before the paths on the REST server'],
  '--tag <name>': ['tags', 'serve the operations of a tag; repeat it for more'],
  '--operation <name>': [
    'operations',
    'serve an operation, by operationId, tool or "GET /path"; repeat it for more',
  ],
  '--exclude <name>': ['exclude', 'leave out an operation; repeat it for more'],
  '--read-only': ['readOnly', 'serve only operations that change nothing'],
  '--allow-ref <url>': ['allowReferences', 'follow references that begin with the URL'],
  '--strict': ['strict', 'refuse descriptions of which anything is left out'],
} as const satisfies Record<string, readonly [keyof DescriptionOptions, string]>

/** Options for a mock that is to stand in for the API: its descriptions need no server. */
export const mockAddress: DescriptionOptions = { baseUrls: ['http://127.0.0.1'] }

/** Collects the values of an option that can be repeated. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}

/** Adds the options to a command. */
export function addDescriptionOptions(command: Command): Command {
  for (const [flags, [member, what]] of Object.entries(descriptionOptions)) {
    const option = new MemberOption(flags, what, member)
    command.addOption(flags.includes('<') ? option.argParser(collect) : option)
  }
  return command
}

/** An option that fills a member of another name than its flag: a flag is given once for each value of a list. */
class MemberOption extends Option {
  readonly #member: string

  constructor(flags: string, what: string, member: string) {
    super(flags, what)
    this.#member = member
  }

  override attributeName(): string {
    return this.#member
  }
}

/** Names the first option of descriptions that is given. */
export function findOption(options: DescriptionOptions): string | undefined {
  return writeOptions(options)[0]
}

/** Writes options of descriptions as arguments that another run reads the same from; files by their whole paths. */
export function writeOptions(options: DescriptionOptions): string[] {
  return Object.entries(descriptionOptions).flatMap(([flags, [member]]) => {
    const [flag = '', kind] = flags.split(' ')
    const value = readOwn(options, member)
    if (value === true) return [flag]
    const values = asList(value).map(String)
    return values.flatMap((one) => [flag, kind === '<file>' ? resolve(one) : one])
  })
}
