import type { FastifyBaseLogger } from 'fastify'
import { nameSchemeVariables, nameVariable, nameWholeVariable } from '../config/api-variables.ts'
import { ConfigError } from '../config/config.ts'
import {
  type DescriptionSettings,
  nameSetting,
  type Settings,
  type SettingVariable,
} from '../config/settings.ts'
import { createProgramSchema } from '../config/settings-schema.ts'
import { variables } from '../config/variables.ts'
import { checkSettings } from '../description/settings-problems.ts'
import type { Api } from '../document/api.ts'
import { isObject } from '../document/json.ts'

/**
 * Settings of a gateway in a program: those of calgate.yaml, and a logger. No environment variable is read but those of
 * OpenTelemetry (`OTEL_`), by its SDK, with `otelExporterOtlpEndpoint`.
 */
export type ProgramSettings = Omit<Settings, 'descriptions'> & {
  /** What is served; without one, what calgate ships with. */
  readonly descriptions?: readonly ProgramDescription[]
  /** A pino logger; nothing is logged without one. */
  readonly logger?: FastifyBaseLogger
}

/** A description: a file, or a document with a name. Its credentials are the values themselves. */
export type ProgramDescription = DescriptionSettings & {
  /** An OpenAPI document in place of a file; `name` names its variables and its prefix. */
  readonly document?: object
  readonly name?: string
}

/** Methods of a logger of Fastify. */
const methods = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'child']

/**
 * Returns the descriptions of checked settings, each document as a file of its name. Throws a `ConfigError` with every
 * problem of the settings and the logger, by their members.
 */
export function readDescriptions({ logger, ...settings }: ProgramSettings): readonly ProgramDescription[] {
  const given: unknown = settings.descriptions ?? []
  const descriptions = Array.isArray(given) ? given.map(nameFile) : given
  const checked = checkSettings({ ...settings, descriptions }, createProgramSchema)
  const problems = [
    // A program sets no variable.
    ...checked.findings.map((one) => `${one.message}; expected ${one.expected.replace(/ \([A-Z_]+\)$/, '')}`),
    ...(Array.isArray(given) ? given.flatMap(findSecondSource) : []),
    ...(logger === undefined || isLogger(logger) ? [] : ['logger is no logger; expected one of pino']),
  ]
  if (problems.length > 0 || !checked.settings) throw new ConfigError(problems)
  return checked.settings.descriptions ?? []
}

/** Turns a problem with variables into one with the members of the settings that they stand for. */
export function nameMembers(problem: string, listed: readonly SettingVariable[], api: Api): string {
  const members = new Map([
    ...Object.keys(variables).map((variable) => [variable, nameSetting(variable)] as const),
    ...['baseUrl', 'caFile'].map((member) => [nameVariable(api, member), member] as const),
    ...api.pins.map(({ name }) => [nameVariable(api, name), `pins.${name}`] as const),
    ...api.schemes.flatMap((scheme) =>
      [...nameSchemeVariables(api, scheme), nameWholeVariable(api, scheme)].map(
        (variable) => [variable, `credentials.${scheme.name}`] as const,
      ),
    ),
    ...listed.map(({ variable, path }) => [variable, path.join('.')] as const),
  ])
  return problem
    .replace(' or --base-url', '')
    .replaceAll(/\b[A-Z][A-Z0-9_]+\b/g, (word) => members.get(word) ?? word)
}

function nameFile(description: unknown, index: number): unknown {
  if (!isObject(description) || description.document === undefined) return description
  return { ...description, file: `${description.name ?? `api-${index + 1}`}.json` }
}

function findSecondSource(description: unknown, index: number): string[] {
  const isTwice =
    isObject(description) && description.document !== undefined && description.file !== undefined
  return isTwice ? [`descriptions.${index} has a file and a document; expected one of the two`] : []
}

function isLogger(logger: unknown): boolean {
  return isObject(logger) && methods.every((name) => typeof Reflect.get(logger, name) === 'function')
}
