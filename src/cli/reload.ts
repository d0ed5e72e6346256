import { statSync, unwatchFile, watchFile } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { type Config, ConfigError } from '../config/config.ts'
import { type GatewayKey, readKeyFile } from '../config/gateway-keys.ts'
import type { OpenApiDocument } from '../document/document.ts'
import type { GatewayServers } from '../http/gateway.ts'
import { CommandError } from './command.ts'

/** What a gateway was made of, and the files that it was read from. */
export interface ServedFiles {
  readonly config: Config
  readonly document: OpenApiDocument
  readonly files: readonly string[]
}

/** What a reload needs. */
export interface ReloadOptions {
  readonly gateway: Pick<GatewayServers, 'reload'>
  readonly logger: Logger
  readonly served: ServedFiles
  /** Reads everything again, and tells of the files that it finds. Rejects where anything is wrong. */
  readonly read: (onFiles: (files: readonly string[]) => void) => Promise<ServedFiles>
  /** Rejects with a `CommandError` where the next document breaks clients of the old one. */
  readonly checkChanges: (old: OpenApiDocument, next: OpenApiDocument) => Promise<void>
}

/** Settings that a reload cannot change, each with what the gateway has of it. */
const fixed: Readonly<Record<string, (config: Config) => unknown>> = {
  host: ({ host }) => host,
  restPort: ({ restPort }) => restPort,
  mcpPort: ({ mcpPort }) => mcpPort,
  controlHost: ({ controlHost }) => controlHost,
  controlPort: ({ controlPort }) => controlPort,
  tlsCertFile: ({ tls }) => tls !== undefined,
  logLevel: ({ logLevel }) => logLevel,
  drainDelay: ({ drainDelay }) => drainDelay,
  keepAliveTimeout: ({ keepAlive }) => keepAlive,
  otelExporterOtlpEndpoint: ({ telemetryUrl }) => telemetryUrl,
  redisUrl: ({ sharedState }) => sharedState,
}

/** Milliseconds between two looks at a file: a key that is revoked must be refused within a second. */
const interval = 400

/** Milliseconds after a write in which a file may have a part of its text alone, and an empty one its text to come. */
const settling = { full: 50, empty: 250 }

/** Most readings of files that are written without end. */
const mostReadings = 10

/**
 * Creates the function that reloads a gateway, and calls it when one of its files has changed. What is wrong is logged,
 * and the gateway goes on with what it has, but for keys that are revoked. Files are looked at by their path:
 * orchestrators replace mounted files by moving a link.
 */
export function createReload(options: ReloadOptions): () => void {
  const { gateway, logger } = options
  let { served } = options
  const started = served.config
  const watched = new Set<string>()
  let running: Promise<void> | undefined
  let isAskedAgain = false
  const readSettled = async (
    onFiles: Parameters<ReloadOptions['read']>[0],
    reading = 1,
  ): Promise<ServedFiles> => {
    const began = Date.now()
    const read = await options.read(onFiles).then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error
      },
    )
    if (reading === mostReadings || served.files.every((file) => isSettled(file, began))) return read()
    await setTimeout(settling.full)
    return readSettled(onFiles, reading + 1)
  }
  // A key that is revoked must not work on because something else is wrong.
  const revokeKeys = async () => {
    const { keys, problems } = readKeyFile(served.config.keysFile)
    const isLeft = ({ hash }: GatewayKey) => keys.some((one) => one.hash.equals(hash))
    const left = served.config.keys?.filter(isLeft)
    if (!left || problems.length > 0 || left.length === served.config.keys?.length) return
    const next = { ...served, config: { ...served.config, keys: left } }
    await gateway.reload(next)
    served = next
    logger.info('revoked keys')
  }
  const run = async () => {
    const found: string[] = []
    try {
      const read = await readSettled((files) => found.push(...files))
      const isSame = JSON.stringify(read.document) === JSON.stringify(served.document)
      if (!isSame) await options.checkChanges(served.document, read.document)
      // The gateway compiles nothing of a document again that it has.
      const next = isSame ? { ...read, document: served.document } : read
      await gateway.reload(next)
      watch(next.files)
      served = next
      logger.info('reloaded')
      const settings = Object.keys(fixed).filter(
        (name) => !isDeepStrictEqual(fixed[name]?.(started), fixed[name]?.(next.config)),
      )
      if (settings.length > 0)
        logger.warn({ reason: `${settings.join(', ')} changed` }, 'settings need a restart')
    } catch (error) {
      // Correcting what was refused is a change as well.
      watch([...served.files, ...found, ...(error instanceof ConfigError ? error.files : [])])
      if (error instanceof ConfigError || error instanceof CommandError)
        logger.error({ reason: error.message }, 'reload refused')
      else logger.error({ err: error }, 'reload refused')
      await revokeKeys().catch((err: unknown) => logger.error({ err }, 'keys not revoked'))
    }
    running = undefined
    if (isAskedAgain) reload()
  }
  const reload = () => {
    isAskedAgain = running !== undefined
    running ??= run()
  }
  const watch = (files: readonly string[]) => {
    for (const file of watched)
      if (!files.includes(file)) {
        unwatchFile(file, reload)
        watched.delete(file)
      }
    for (const file of files) {
      // Watched anew, a file would hide what has changed since it was read.
      if (!watched.has(file)) watchFile(file, { interval, persistent: false }, reload)
      watched.add(file)
    }
  }
  watch(served.files)
  return reload
}

/** Returns whether nobody wrote a file shortly before it was read, or later. */
function isSettled(file: string, began: number): boolean {
  const { mtimeMs = 0, size = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {}
  return mtimeMs < began - (size > 0 ? settling.full : settling.empty)
}
