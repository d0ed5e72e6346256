import { setTimeout as wait } from 'node:timers/promises'
import { ClientOfflineError, type CommandParser, createClient, defineScript, ErrorReply } from '@redis/client'
import { GatewayError } from '../errors/gateway-error.ts'

/** Where Redis or Valkey is, and what is told of it. */
export interface RedisOptions {
  /** `redis://` or, with TLS, `rediss://`; with user and password where it asks for them (IANA provisional schemes). */
  readonly url: string
  /** PEM certificates that are trusted instead of the well-known ones. */
  readonly ca?: string | undefined
  /** Called when the connection was established, and when it failed. */
  readonly onChange: (available: boolean, cause?: unknown) => void
}

/** What a script takes: keys, and other arguments. */
export interface ScriptInput {
  readonly keys: readonly string[]
  readonly args?: readonly (string | number)[]
}

/** A connection that comes back by itself. */
export interface RedisConnection {
  readonly available: boolean
  /** Runs a script and resolves with what it returns, as a list. Rejects with `state_unavailable`. */
  run(script: string, input: ScriptInput): Promise<readonly unknown[]>
  /** Calls back for each message of a channel, and once the channel is heard, the first time or again. */
  listen(channel: string, onMessage: (text: string) => void, onListening: () => void): Promise<void>
  close(): Promise<void>
}

/** Milliseconds for a connection and for a reply. */
const connectTimeout = 2_000
const replyTimeout = 2_000
/** Milliseconds without a byte after which a connection is closed; more than an event loop is busy at a start. */
const socketTimeout = 5_000
/** Milliseconds between two pings: they keep a connection open, and tell that a Redis that was late replies again. */
const pingInterval = 1_000
/** Milliseconds between two attempts to connect. */
const reconnectDelay = 250
/** Milliseconds until a Redis that has become read-only is left for the one at its address. */
const failoverDelay = 1_000
/** Commands that wait for a reply at most. */
const longestQueue = 10_000

/** Opens a connection. Resolves when it is established, or a first attempt has failed or takes too long. */
export async function connectRedis(
  options: RedisOptions,
  scripts: readonly string[],
): Promise<RedisConnection> {
  const { url, ca, onChange } = options
  const common = { connectTimeout, socketTimeout, reconnectStrategy: reconnectDelay }
  const client = createClient({
    url,
    socket: ca === undefined ? common : { ...common, tls: true, ca },
    pingInterval,
    disableOfflineQueue: true,
    commandsQueueMaxLength: longestQueue,
    commandOptions: { timeout: replyTimeout },
    // A command of Redis Enterprise, which Valkey does not know.
    maintNotifications: 'disabled',
    scripts: Object.fromEntries(scripts.map((text) => [text, describeScript(text)])),
  })
  let isAvailable: boolean | undefined
  const change = (available: boolean, cause?: unknown) => {
    const isNews = available !== isAvailable
    isAvailable = available
    if (isNews) onChange(available, cause)
  }
  client.on('ready', () => change(true))
  let failover: NodeJS.Timeout | undefined
  client.on('ping-interval', () => {
    if (!failover) change(true)
  })
  client.on('error', (cause: unknown) => change(false, cause))
  const attempt = Promise.withResolvers<void>()
  client.once('ready', attempt.resolve).once('error', () => attempt.resolve())
  client.connect().catch(() => {})
  await Promise.race([attempt.promise, wait(connectTimeout, undefined, { ref: false })])
  const listeners: Pick<typeof client, 'isReady' | 'connect' | 'destroy'>[] = []
  // A master that becomes a replica keeps its connections, and its address leads to another from then on.
  const reconnect = () => {
    failover = undefined
    for (const one of [client, ...listeners]) {
      // Others are being established.
      if (!one.isReady) continue
      one.destroy()
      one.connect().catch(() => {})
    }
  }
  return {
    get available() {
      return isAvailable === true
    },
    async run(script, { keys, args = [] }) {
      try {
        // One call waits for a Redis that does not reply, and none after it.
        if (!isAvailable) throw new ClientOfflineError()
        const reply: unknown = await limit(client[script]?.(keys, args))
        return Array.isArray(reply) ? reply : [reply]
      } catch (cause) {
        if (cause instanceof LateReply) change(false, cause)
        if (cause instanceof ErrorReply && cause.message.includes('READONLY')) {
          change(false, cause)
          failover ??= setTimeout(reconnect, failoverDelay)
        }
        throw new GatewayError('state_unavailable', { cause, headers: { 'retry-after': '1' } })
      }
    },
    async listen(channel, onMessage, onListening) {
      const listener = client.duplicate({ disableOfflineQueue: false })
      listeners.push(listener)
      listener.on('error', () => {})
      listener.on('ready', onListening)
      listener.connect().catch(() => {})
      const subscription = listener.subscribe(channel, onMessage)
      // A Redis that refuses the credentials is one that cannot be reached; the connection itself tells why.
      await Promise.race([subscription, wait(connectTimeout, undefined, { ref: false })]).catch(() => {})
    },
    async close() {
      clearTimeout(failover)
      for (const listener of listeners) listener.destroy()
      // It waits for the replies that are still to come.
      if (isAvailable) await limit(client.close()).catch(() => {})
      client.destroy()
    },
  }
}

/** Returns whether a command that failed may have run: it was sent, and Redis did not refuse it. */
export function mayHaveRun(error: unknown): boolean {
  const { cause } = error instanceof Error ? error : {}
  return !(cause instanceof ClientOfflineError || cause instanceof ErrorReply)
}

/** Returns whether Redis refused a command because it has no memory for what the command writes. */
export function lacksMemory(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof ErrorReply && error.cause.message.startsWith('OOM')
}

function describeScript(text: string) {
  return defineScript({
    SCRIPT: text,
    parseCommand(parser: CommandParser, keys: readonly string[], args: readonly (string | number)[]) {
      parser.pushKeysLength([...keys])
      parser.push(...args.map(String))
    },
    transformReply: (reply: unknown) => reply,
  })
}

class LateReply extends Error {
  constructor() {
    super('no reply in time')
  }
}

/** The time limit of the client ends with the writing of a command; this one with its reply. */
async function limit<Reply>(reply: Promise<Reply> | undefined): Promise<Reply | undefined> {
  const late = Promise.withResolvers<never>()
  // After a long tick timers come first, and a reply that waits in the socket's buffer is read before the immediate.
  const timer = setTimeout(() => setImmediate(() => late.reject(new LateReply())), replyTimeout)
  try {
    return await Promise.race([reply, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
