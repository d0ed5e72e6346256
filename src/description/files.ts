import { readFile } from 'node:fs/promises'
import { nameDescription, type Settings } from '../config/settings.ts'
import { asRecord } from '../document/json.ts'
import { type Loading, type LoadOptions, loadDescriptions, type NamedText } from './load.ts'

/** How descriptions are loaded, in the words of a command line: lists of texts, `NAME=VALUE` where a name belongs to it. */
export interface DescriptionOptions {
  readonly overlay?: readonly string[]
  readonly schemas?: readonly string[]
  readonly baseUrl?: readonly string[]
  readonly serverVariable?: readonly string[]
  readonly prefix?: readonly string[]
  readonly tag?: readonly string[]
  readonly operation?: readonly string[]
  readonly exclude?: readonly string[]
  readonly readOnly?: boolean
  readonly allowRef?: readonly string[]
  readonly strict?: boolean
}

/** A description that cannot be read, or an option without sense; the message is one sentence. */
export class DescriptionError extends Error {
  override readonly name = 'DescriptionError'
}

/** Descriptions as they were named, loaded. */
export interface LoadedDescriptions extends Loading {
  /** True where an error, or with `strict` anything that is left out, keeps them from being served. */
  readonly isRefused: boolean
}

/** Turns settings into the options of loading. `at` locates files that the settings name. */
export function toDescriptionOptions(
  settings: Settings,
  at: (path: string) => string = (path) => path,
): DescriptionOptions {
  const { descriptions = [], overlays = [], schemas = [], serverVariables = {} } = settings
  const list = (key: 'baseUrl' | 'prefix') =>
    descriptions.flatMap(({ file, [key]: value }) =>
      file === undefined || value === undefined ? [] : [`${nameDescription(file)}=${value}`],
    )
  return {
    overlay: overlays.map(at),
    schemas: schemas.map(at),
    baseUrl: list('baseUrl'),
    prefix: list('prefix'),
    serverVariable: Object.entries(serverVariables).map(([name, value]) => `${name}=${value}`),
    tag: settings.tags ?? [],
    operation: settings.operations ?? [],
    exclude: settings.exclude ?? [],
    readOnly: settings.readOnly ?? false,
    allowRef: settings.allowReferences ?? [],
    strict: settings.strict ?? false,
  }
}

/** Loads descriptions from files, or from texts with a name. Throws a `DescriptionError`. */
export async function loadFiles(
  files: readonly (string | NamedText)[],
  options: DescriptionOptions,
): Promise<LoadedDescriptions> {
  const loading = await loadDescriptions({
    files: await readFiles(files),
    overlays: await readFiles(options.overlay),
    schemas: await readFiles(options.schemas),
    baseUrls: readNamed('base-url', options.baseUrl, /^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/),
    variables: readNamed('server-variable', options.serverVariable, /^[^\s]+$/),
    prefixes: readNamed('prefix', options.prefix, /^(\/[^/?#\s{}]+)*$/),
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

function readFiles(files: readonly (string | NamedText)[] = []): Promise<NamedText[]> {
  return Promise.all(
    files.map(async (file) => {
      if (typeof file !== 'string') return file
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        throw new DescriptionError(`${file} cannot be read (${asRecord(error).code})`)
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
      if (!form.test(value)) throw new DescriptionError(`--${option} does not take ${JSON.stringify(text)}`)
      return [name, value]
    }),
  )
}
