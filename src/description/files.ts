import { readFile } from 'node:fs/promises'
import { nameDescription, nameDescriptions, type Settings } from '../config/settings.ts'
import { referencePattern } from '../config/settings-schema.ts'
import { hideUrlSecrets, isBaseUrl } from '../config/urls.ts'
import { asRecord } from '../document/json.ts'
import type { Selection } from '../document/selection.ts'
import { type Loading, type LoadOptions, loadDescriptions, type NamedText } from './load.ts'
import { type FindPlace, formatPlace, type PlacedMember } from './problem.ts'

/** How descriptions are loaded, as it is written: lists of texts, `NAME=VALUE` where a name belongs to it. */
export interface DescriptionOptions extends Partial<Selection> {
  readonly overlays?: readonly string[]
  readonly schemas?: readonly string[]
  readonly baseUrls?: readonly string[]
  readonly serverVariables?: readonly string[]
  readonly prefixes?: readonly string[]
  readonly allowReferences?: readonly string[]
  readonly strict?: boolean
  /** Names of server variables, tags and operations that may be those of a description which is not served. */
  readonly foreignNames?: readonly string[]
  /** Finds names and files where settings have them. */
  readonly findPlace?: FindPlace
}

/** A description that cannot be read, or an option without sense; the message is one sentence. */
export class DescriptionError extends Error {
  override readonly name = 'DescriptionError'

  constructor(message: string) {
    super(hideUrlSecrets(message))
  }
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
  const names = nameDescriptions(descriptions.map(({ file = '' }) => file))
  const list = (key: 'baseUrl' | 'prefix') =>
    descriptions.flatMap(({ file, [key]: value }, index) =>
      file === undefined || value === undefined ? [] : [`${names[index]}=${value}`],
    )
  return {
    overlays: overlays.map(at),
    schemas: schemas.map(at),
    baseUrls: list('baseUrl'),
    prefixes: list('prefix'),
    serverVariables: Object.entries(serverVariables).map(([name, value]) => `${name}=${value}`),
    ...readSelection(settings),
    allowReferences: settings.allowReferences ?? [],
    strict: settings.strict ?? false,
  }
}

/** Loads descriptions from files, or from texts with a name. Throws a `DescriptionError`. */
export async function loadFiles(
  files: readonly (string | NamedText)[],
  options: DescriptionOptions,
): Promise<LoadedDescriptions> {
  const names = nameDescriptions(files.map((one) => (typeof one === 'string' ? one : one.file)))
  const unread: string[] = []
  const read = (member: PlacedMember, named: readonly (string | NamedText)[] = []) =>
    readFiles(named, (file, why) => {
      unread.push(`${formatPlace(options.findPlace?.(member, file))}${file} ${why}`)
    })
  const texts = {
    files: await read('files', files),
    overlays: await read('overlays', options.overlays),
    schemas: await read('schemas', options.schemas),
  }
  if (unread.length > 0) throw new DescriptionError(unread.join('\n'))
  const loading = await loadDescriptions({
    ...texts,
    baseUrls: readAddressed(options.baseUrls, forms.baseUrl, names),
    serverVariables: readNamed(options.serverVariables, forms.serverVariable),
    prefixes: readAddressed(options.prefixes, forms.prefix, names),
    allowReferences: readBeginnings(options.allowReferences),
    selection: readSelection(options),
    foreignNames: options.foreignNames ?? [],
    findPlace: options.findPlace,
  } satisfies LoadOptions)
  const refused = options.strict ? ['error', 'omission'] : ['error']
  return { ...loading, isRefused: loading.problems.some(({ severity }) => refused.includes(severity)) }
}

/** Reads which operations are selected. */
export function readSelection({
  tags = [],
  operations = [],
  exclude = [],
  readOnly = false,
}: Partial<Selection>): Selection {
  return { tags, operations, exclude, readOnly }
}

/** Reads files, and tells of each that cannot be read. */
async function readFiles(
  files: readonly (string | NamedText)[],
  tell: (file: string, why: string) => void,
): Promise<NamedText[]> {
  const read = files.map(async (file) => {
    if (typeof file !== 'string') return file
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      const isUrl = /^https?:/.test(file)
      const why = isUrl
        ? 'is a URL: save what it leads to as a file, and name that'
        : `cannot be read (${asRecord(error).code})`
      tell(file, why)
    })
    return { file, text: text ?? '' }
  })
  return Promise.all(read)
}

/** An option with a value of a form; `text` is how the user writes it. */
interface OptionForm {
  readonly option: string
  readonly text: string
  readonly form: RegExp
  /** What a value of the form has to be besides. */
  readonly isValue?: (value: string) => boolean
}

const forms = {
  baseUrl: {
    option: '--base-url',
    text: '[NAME=]URL, a URL of http or https without user, query and fragment',
    form: /^(?:([^=/]+)=)?(https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?)$/i,
    isValue: isBaseUrl,
  },
  serverVariable: { option: '--server-variable', text: 'NAME=VALUE', form: /^([^=]+)=(\S*)$/ },
  prefix: { option: '--prefix', text: '[NAME=]/PATH', form: /^(?:([^=/]+)=)?((?:\/[^/?#\s{}]+)*)$/ },
} satisfies Record<string, OptionForm>

/** Reads the beginnings of references. What is neither a URL nor a whole path begins none. */
function readBeginnings(values: readonly string[] = []): readonly string[] {
  const other = values.find((one) => !new RegExp(referencePattern, 'i').test(one))
  if (other === undefined) return values
  throw new DescriptionError(
    `--allow-ref takes the beginning of a URL or of a whole path, not ${JSON.stringify(other)}`,
  )
}

/** Reads `NAME=VALUE`, or a value alone, which is meant for all. */
function readNamed(
  values: readonly string[] = [],
  { option, text, form, isValue = () => true }: OptionForm,
): Map<string, string> {
  return new Map(
    values.map((given) => {
      const [, name = '', value] = form.exec(given) ?? []
      if (value === undefined || !isValue(value))
        throw new DescriptionError(`${option} takes ${text}, not ${JSON.stringify(given)}`)
      return [name, value]
    }),
  )
}

/** Reads values for descriptions by their names; of two files of one name, the second bears `NAME-2`. */
function readAddressed(
  values: readonly string[] | undefined,
  form: OptionForm,
  names: readonly string[],
): Map<string, string> {
  const named = [...readNamed(values, form)].map(
    ([name, value]) => [name && nameDescription(name), value] as const,
  )
  const other = named.find(([name]) => name !== '' && !names.includes(name))
  if (other)
    throw new DescriptionError(`${form.option} names ${other[0]}, and there are only ${names.join(', ')}`)
  return new Map(named)
}
