import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { ConfigError } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { findNearest } from '../config/nearest-name.ts'
import { listSettingVariables, type Settings } from '../config/settings.ts'
import { createSettingsSchema } from '../config/settings-schema.ts'
import { variables } from '../config/variables.ts'
import { type DescriptionOptions, toDescriptionOptions } from '../description/files.ts'
import { readSource, type Source } from '../description/source.ts'
import type { Api } from '../document/api.ts'
import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'

/** A settings file, read. */
export interface SettingsFile {
  readonly files: readonly string[]
  readonly options: DescriptionOptions
  /** Returns the environment with what the file adds to it; what the environment has stays. */
  apply(environment: Environment, api: Api): Environment
  /** Turns problems with variables into lines that name the place in the file where it comes from there. */
  locate(error: ConfigError, api: Api): string[]
}

/** Reads a settings file. Throws a `CommandError` with every problem. */
export function readSettingsFile(file: string): SettingsFile {
  const source = readSource(readText(file), file)
  const settings = checkSettings(source, file)
  const at = (path: string) => resolve(dirname(file), path)
  const list = (api: Api) => listSettingVariables(settings, api, Object.keys(variables))
  return {
    files: (settings.descriptions ?? []).flatMap((one) => (one.file === undefined ? [] : [at(one.file)])),
    options: toDescriptionOptions(settings, at),
    apply(environment, api) {
      const problems: string[] = []
      const added = list(api).flatMap(({ path, variable, value }) => {
        const twin = variable.endsWith('_FILE') ? variable.slice(0, -5) : `${variable}_FILE`
        if (environment[variable] || environment[twin]) return []
        const [name, text] = toVariable(path, variable, value, environment, at)
        if (text) return [[name, text]]
        problems.push(`${file}:${source.lineOf(path)}: ${path.join('.')} is ${value}, which is not set`)
        return []
      })
      if (problems.length > 0) throw new ConfigError(problems)
      return { ...environment, ...Object.fromEntries(added) }
    },
    locate: ({ problems }, api) =>
      problems.map((problem) => {
        const cause = list(api).find(({ variable }) => problem.startsWith(variable))
        if (!cause) return problem
        const key = cause.path.join('.')
        return `${file}:${source.lineOf(cause.path)}: ${key}${problem.slice(cause.variable.length)}`
      }),
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(`${file} cannot be read (${asRecord(error).code})`)
  }
}

function checkSettings({ value, problems, lineOf }: Source, file: string): Settings {
  const check = new Ajv2020({
    strict: false,
    allErrors: true,
    verbose: true,
    formats: { uri: true },
  }).compile<Settings>(createSettingsSchema())
  const settings = value ?? {}
  const found = problems.map(({ line, message }) => `${file}:${line}: ${message}`)
  if (found.length === 0 && check(settings)) return settings
  for (const { instancePath, message, params, parentSchema } of check.errors ?? []) {
    const path = instancePath.split('/').slice(1)
    const extra = asRecord(params).additionalProperty
    const place = typeof extra === 'string' ? [...path, extra] : path
    const what =
      typeof extra === 'string' ? describeUnknown(extra, parentSchema) : describeRule(message, params)
    found.push(`${file}:${lineOf(place)}: ${place.join('.') || 'the file'} ${what}`)
  }
  throw new CommandError(found.join('\n'))
}

function describeUnknown(name: string, schema: unknown): string {
  const known = Object.keys(asRecord(asRecord(schema).properties))
  const folded = findNearest(
    name.toLowerCase(),
    known.map((one) => one.toLowerCase()),
  )
  const nearest = known.find((one) => one.toLowerCase() === folded)
  return `is no setting${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
}

function describeRule(message: string | undefined, params: unknown): string {
  return asRecord(params).pattern === undefined
    ? (message ?? 'is wrong')
    : 'must be file:PATH or env:VARIABLE, never the secret itself'
}

/** A file is given to the variable that takes one; the values of variables and files stay where they are. */
function toVariable(
  path: readonly (string | number)[],
  variable: string,
  value: string,
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
