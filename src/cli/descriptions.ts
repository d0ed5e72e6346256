import { readFile } from 'node:fs/promises'
import { type Loading, type LoadOptions, loadDescriptions, type NamedText } from '../description/load.ts'
import type { Problem } from '../description/problem.ts'
import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'
import type { DescriptionOptions } from './description-options.ts'

/** Descriptions as a command line names them, loaded. */
export interface LoadedDescriptions extends Loading {
  /** True where an error, or with `--strict` anything that is left out, keeps them from being served. */
  readonly isRefused: boolean
}

/** Loads the descriptions that a command names. Throws a `CommandError`. */
export async function loadFiles(
  files: readonly string[],
  options: DescriptionOptions,
): Promise<LoadedDescriptions> {
  const loading = await loadDescriptions({
    files: await readFiles(files),
    overlays: await readFiles(options.overlay),
    schemas: await readFiles(options.schemas),
    baseUrls: readNamed('--base-url', options.baseUrl, /^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/),
    variables: readNamed('--server-variable', options.serverVariable, /^[^\s]+$/),
    prefixes: readNamed('--prefix', options.prefix, /^(\/[^/?#\s{}]+)*$/),
    allowedReferences: options.allowRef ?? [],
    selection: {
      tags: options.tag ?? [],
      operations: options.operation ?? [],
      exclude: options.exclude ?? [],
      readOnly: options.readOnly ?? false,
    },
  } satisfies LoadOptions)
  const refused = options.strict ? ['error', 'omission'] : ['error']
  return { ...loading, isRefused: loading.problems.some(({ severity }) => refused.includes(severity)) }
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
