import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ConfigError } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import {
  findSettingProblems,
  listSettingVariables,
  type Settings,
  type SettingVariable,
} from '../config/settings.ts'
import { type DescriptionOptions, toDescriptionOptions } from '../description/files.ts'
import type { Path, Place, PlacedMember } from '../description/problem.ts'
import { checkSettings } from '../description/settings-problems.ts'
import { readSource, type Source } from '../description/source.ts'
import type { Api } from '../document/api.ts'
import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'

/** A settings file, read. */
export interface SettingsFile {
  /** The file itself, by its whole path. */
  readonly path: string
  /** Variables that its credentials come from (`env:`). */
  readonly references: readonly string[]
  readonly files: readonly string[]
  readonly options: DescriptionOptions
  /** Returns the environment with what the file adds to it; what the environment has stays. */
  apply(environment: Environment, api: Api): Environment
  /** Finds what of the file no variable of that environment can have: names that the API does not know, credentials without a value. */
  findProblems(environment: Environment, api: Api): string[]
  /** Turns problems with variables of an environment into lines that name the place in the file that they come from. */
  locate(error: ConfigError, api: Api, environment: Environment): string[]
}

/**
 * Reads a settings file. Where files are named, they are served in place of its descriptions, and of those it has only
 * what is about the named ones. Throws a `CommandError` with every problem.
 */
export function readSettingsFile(file: string, named: readonly string[] = []): SettingsFile {
  const source = readSource(readText(file), file)
  const written = readSettings(source, file)
  const at = (path: string) => resolve(dirname(file), path)
  const lineOf = (path: Path) => source.positionOf(path).line
  const all = written.descriptions ?? []
  const indexes =
    named.length === 0
      ? [...all.keys()]
      : named.map((one) => all.findIndex((own) => own.file !== undefined && at(own.file) === resolve(one)))
  const descriptions = indexes.map((index, place) => {
    const other = named[place]
    return { ...all[index], ...(other !== undefined && { file: resolve(other) }) }
  })
  const settings = { ...written, descriptions }
  const list = (api: Api): SettingVariable[] =>
    listSettingVariables(settings, api).map((one) => {
      const [member, place, ...rest] = one.path
      return typeof place === 'number'
        ? { ...one, path: [String(member), indexes[place] ?? place, ...rest] }
        : one
    })
  const findPlace = (member: PlacedMember, text: string): Place | undefined => {
    const listed = {
      ...written,
      files: all.map((one) => one.file ?? ''),
      serverVariables: Object.keys(written.serverVariables ?? {}),
    }[member]
    const index = (listed ?? []).findIndex((one) => one === text || at(one) === text)
    if (index < 0) return undefined
    const path = member === 'files' ? ['descriptions', index, 'file'] : [member, index]
    return { file, ...source.positionOf(member === 'serverVariables' ? [member, text] : path) }
  }
  const credentials = descriptions.flatMap((one) => Object.values(one.credentials ?? {}))
  const isPart = all.some((_, index) => !indexes.includes(index))
  return {
    path: resolve(file),
    references: credentials.flatMap((value) => /^env:(.+)$/.exec(value)?.[1] ?? []),
    files: descriptions.flatMap((one) => (one.file === undefined ? [] : [at(one.file)])),
    options: {
      ...toDescriptionOptions(settings, at),
      ...(isPart && { foreignNames: listNames(settings, at) }),
      findPlace,
    },
    apply(environment, api) {
      const added = list(api).flatMap((setting) => {
        if (isSet(environment, setting)) return []
        const [name, text] = toVariable(setting, environment, at)
        // An empty setting means its default, as an empty variable does.
        return text ? [[name, text]] : []
      })
      return { ...environment, ...Object.fromEntries(added) }
    },
    findProblems(environment, api) {
      const listed = list(api)
      const unset = listed.flatMap(({ path, variable, value }) =>
        path.includes('credentials') && !isSet(environment, { variable })
          ? [{ path, message: `is ${value}; expected that variable to be set` }]
          : [],
      )
      return [...findSettingProblems(listed, api), ...unset].map(
        ({ path, message }) => `${file}:${lineOf(path)}: ${path.join('.')} ${message}`,
      )
    },
    locate: ({ problems }, api, environment) =>
      problems.map((problem) => {
        const [variable = ''] = /^\w+/.exec(problem) ?? []
        const cause = list(api).find((one) => {
          const [name, text] = toVariable(one, environment, at)
          return name === variable && environment[name] === text
        })
        if (!cause) return problem
        return `${file}:${lineOf(cause.path)}: ${cause.path.join('.')}${problem.slice(variable.length)}`
      }),
  }
}

/** Lists the names in settings that are looked up in the descriptions which are served, and the files that type some. */
function listNames(settings: Settings, at: (path: string) => string): string[] {
  const { serverVariables = {}, tags = [], operations = [], exclude = [] } = settings
  const { allowReferences = [], schemas = [] } = settings
  const names = [...Object.keys(serverVariables), ...tags, ...operations, ...exclude]
  return [...names, ...allowReferences, ...schemas.map(at)]
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(`${file} cannot be read (${asRecord(error).code})`)
  }
}

function readSettings(source: Source, file: string): Settings {
  const checked = checkSettings(source.value ?? {})
  if (source.problems.length === 0 && checked.settings) return checked.settings
  const found = checked.findings.map((one) => ({ ...one, ...source.positionOf(one.path) }))
  const malformed = source.problems.map((one) => ({ ...one, message: hideText(one.message) }))
  throw new CommandError(
    [...malformed, ...found]
      .map(({ line, message, expected }) => `${file}:${line}: ${message}; expected ${expected}`)
      .join('\n'),
  )
}

/** Takes out of a problem with YAML what it repeats of the file: that may be a secret, written where its place belongs. */
function hideText(message: string): string {
  return message.replace(/ \*\S+/, '').replace(/(?:(?<=\S): | \\).*$/s, '')
}

function isSet(environment: Environment, { variable }: Pick<SettingVariable, 'variable'>): boolean {
  const twin = variable.endsWith('_FILE') ? variable.slice(0, -5) : `${variable}_FILE`
  return Boolean(environment[variable] || environment[twin])
}

/** A file is given to the variable that takes one; the values of variables and files stay where they are. */
function toVariable(
  { path, variable, value }: SettingVariable,
  environment: Environment,
  at: (path: string) => string,
): [string, string | undefined] {
  const [kind, ...rest] = value.split(':')
  if (path.includes('credentials'))
    return kind === 'file'
      ? [`${variable}_FILE`, at(rest.join(':'))]
      : [variable, environment[rest.join(':')]]
  return [variable, variable.endsWith('_FILE') ? at(value) : value]
}
