import type { Readable, Writable } from 'node:stream'
import type { Logger } from 'pino'
import type { Environment } from '../config/environment.ts'

/** A command that cannot be carried out; the message is one sentence for the user who typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  /** The exit code is 2, as everywhere for a command that did not come to a result, unless it is given. */
  constructor(message: string, exitCode = 2) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Where a command writes to. */
export interface Streams {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** What the process gives to a command. */
export interface CommandContext extends Streams {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly environment: Environment
  /** The Node that runs this process, for programs that a command runs. */
  readonly execPath: string
  /** Version of calgate. */
  readonly version: string
  /** Starts the log of the process, on one of its outputs. */
  startLog(output: 'stdout' | 'stderr', level: string): Logger
  /**
   * Calls back when the process is asked to end, with the milliseconds that clients with an open connection get to
   * notice it. The process ends when the promise resolves.
   */
  onStop(close: (grace: number) => Promise<void>): void
}

/**
 * Carries out a command and returns its exit code; undefined where the process goes on. Throws a `CommandError` or a
 * `ConfigError`.
 */
export type Command = (args: readonly string[], context: CommandContext) => Promise<number | undefined>
