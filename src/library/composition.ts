import { createRequire } from 'node:module'
import type { FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import { type Config, ConfigError, readConfig } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { findSettingProblems, listSettingVariables } from '../config/settings.ts'
import { loadFiles, toDescriptionOptions } from '../description/files.ts'
import { formatProblem } from '../description/problem.ts'
import { selectShipped } from '../description/shipped.ts'
import { type Api, readApi } from '../document/api.ts'
import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import { createServers } from '../gateway.ts'
import type { GatewayServers } from '../http/gateway.ts'
import type { Embedding } from '../http/listener.ts'
import { nameMembers, type ProgramSettings, readDescriptions } from './program-settings.ts'

/** A gateway and the document that it serves. */
export interface ComposedGateway {
  readonly gateway: GatewayServers
  readonly document: OpenApiDocument
}

/** Settings by which a gateway authenticates clients itself, which it does not do inside an app. */
const authenticating = ['gatewayKeysFile', 'oauthIssuer', 'oauthJwksUrl', 'oauthAudience'] as const

const advice =
  'authenticates nobody in an app: authenticate clients in a hook of the app, and say by `grant` what each may do'

/** Composes a gateway of settings. Rejects with an `Error` that lists every problem. */
export async function composeGateway(
  { logger = pino({ level: 'silent' }), ...settings }: ProgramSettings,
  embedding?: Embedding,
): Promise<ComposedGateway> {
  const descriptions = readDescriptions({ ...settings, logger })
  const ignored = embedding ? authenticating.filter((name) => settings[name]) : []
  if (ignored.length > 0) throw new ConfigError(ignored.map((name) => `${name} ${advice}`))
  const document = await loadDocument({ ...settings, descriptions }, logger)
  const api = readApi(document)
  const listed = listSettingVariables({ ...settings, descriptions }, api)
  const problems = findSettingProblems(listed, api).map(({ path, message }) => `${path.join('.')} ${message}`)
  const environment = Object.fromEntries(listed.map(({ variable, value }) => [variable, value]))
  const config = readConfigOf(environment, api, problems, (problem) => nameMembers(problem, listed, api))
  const version = String(asRecord(createRequire(import.meta.url)('calgate/package.json')).version)
  const parts = { config, document, logger, version }
  return { gateway: await createServers({ ...parts, ...(embedding && { embedding }) }), document }
}

function readConfigOf(
  environment: Environment,
  api: Api,
  problems: readonly string[],
  name: (problem: string) => string,
): Config {
  try {
    return readConfig(environment, api, problems)
  } catch (error) {
    throw error instanceof ConfigError
      ? new ConfigError(error.problems.map((one) => (problems.includes(one) ? one : name(one))))
      : error
  }
}

/** Loads the document that settings name, and logs what of it is left out or doubtful. */
async function loadDocument(settings: ProgramSettings, logger: FastifyBaseLogger): Promise<OpenApiDocument> {
  const named = (settings.descriptions ?? []).flatMap(({ file, document }) => {
    if (file === undefined) return []
    return document ? { file, text: JSON.stringify(document) } : file
  })
  if (named.length === 0) return selectShipped(toDescriptionOptions(settings))
  const { document, problems, isRefused } = await loadFiles(named, toDescriptionOptions(settings))
  const lines = problems.map(formatProblem)
  if (!document || isRefused) throw new Error(`these descriptions cannot be served:\n${lines.join('\n')}`)
  for (const line of lines) logger.warn(line)
  return document
}
