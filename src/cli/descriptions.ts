import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Loading, type LoadOptions, loadDescriptions, type NamedText } from '../description/load.ts'
import type { Problem } from '../description/problem.ts'
import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'

const list = { type: 'string', multiple: true } as const

/** Options of every command that takes descriptions, as `parseArgs` has them. */
export const descriptionOptions = {
  overlay: list,
  schemas: list,
  'base-url': list,
  'server-variable': list,
  prefix: list,
  tag: list,
  operation: list,
  exclude: list,
  'read-only': { type: 'boolean' },
  'allow-ref': list,
  strict: { type: 'boolean' },
} as const

/** What the options mean, for the usage of a command. */
export const descriptionUsage = `Options:
  --overlay FILE                 apply an overlay (1.0 or 1.1); repeat it for more
  --schemas FILE                 type a capability from an OpenAPI document; repeat it for more
  --base-url [NAME=]URL          address of the API, of all descriptions or of NAME.yaml
  --server-variable NAME=VALUE   value of a variable of a server
  --prefix [NAME=]/PATH          what stands before the paths on the REST server
  --tag, --operation, --exclude NAME   which operations are served; repeat them for more
  --read-only                    only operations that change nothing
  --allow-ref URL                follow references that begin with URL
  --strict                       refuse descriptions of which anything is left out
`

/** Descriptions as a command line names them, loaded. */
export interface LoadedDescriptions extends Loading {
  /** True where an error, or with `--strict` anything that is left out, keeps them from being served. */
  readonly isRefused: boolean
}

/** Loads the descriptions that the arguments of a command name. Throws a `CommandError`. */
export async function loadArguments(args: readonly string[], usage: string): Promise<LoadedDescriptions> {
  const { values, positionals } = parse(args, usage)
  if (positionals.length === 0) throw new CommandError(`no description is named\n${usage}`)
  const loading = await loadDescriptions({
    files: await readFiles(positionals),
    overlays: await readFiles(values.overlay),
    schemas: await readFiles(values.schemas),
    baseUrls: readNamed('--base-url', values['base-url'], /^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/),
    variables: readNamed('--server-variable', values['server-variable'], /^[^\s]+$/),
    prefixes: readNamed('--prefix', values.prefix, /^(\/[^/?#\s{}]+)*$/),
    allowedReferences: values['allow-ref'] ?? [],
    selection: {
      tags: values.tag ?? [],
      operations: values.operation ?? [],
      exclude: values.exclude ?? [],
      readOnly: values['read-only'] ?? false,
    },
  } satisfies LoadOptions)
  const refused = values.strict ? ['error', 'omission'] : ['error']
  return { ...loading, isRefused: loading.problems.some(({ severity }) => refused.includes(severity)) }
}

function parse(args: readonly string[], usage: string) {
  try {
    return parseArgs({ args: [...args], options: descriptionOptions, allowPositionals: true })
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error}\n${usage}`)
  }
}

function readFiles(files: readonly string[] = []): Promise<NamedText[]> {
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        throw new CommandError(`${file} cannot be read (${asRecord(error).code})`)
      })
      return { file, text }
    }),
  )
}

/** Reads `NAME=VALUE`, or a value alone, which is meant for all. */
function readNamed(option: string, values: readonly string[] = [], form: RegExp): Map<string, string> {
  return new Map(
    values.map((text) => {
      const [, name = '', value = ''] = /^(?:([A-Za-z0-9_.-]+)=)?(.*)$/s.exec(text) ?? []
      if (!form.test(value)) throw new CommandError(`${option} does not take ${JSON.stringify(text)}`)
      return [name, value]
    }),
  )
}

const words = { error: 'error', omission: 'left out', warning: 'warning' } as const

/** Writes problems one a line: file, line, what is wrong, what would be right. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(
      ({ file, line, severity, message, expected }) =>
        `${file}:${line}: ${words[severity]}: ${message}; expected ${expected}\n`,
    )
    .join('')
}
