import type { Readable, Writable } from 'node:stream'
import type { Command } from 'commander'
import type { Logger } from 'pino'
import type { Environment } from '../config/environment.ts'
import { hideUrlSecrets } from '../config/urls.ts'

/** A command that cannot be carried out; the message is one sentence for the user who typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  /** The exit code is 2, as everywhere for a command that did not come to a result, unless it is given. */
  constructor(message: string, exitCode = 2) {
    super(hideUrlSecrets(message))
    this.exitCode = exitCode
  }
}

/** Thrown where descriptions cannot be served. What is wrong with them is written before. */
export class Unserved extends CommandError {
  constructor() {
    super('nothing is served until these problems are mended', 1)
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
  readonly stderr: Writable
  readonly environment: Environment
  /** The Node that runs this process, for programs that a command runs. */
  readonly execPath: string
  /** File that Node runs as calgate. */
  readonly program: string
  /** Version of calgate. */
  readonly version: string
  /** Sets the exit code of the process; 0 without. */
  setExitCode(code: number): void
  /** Starts the log of the process, on one of its outputs. */
  startLog(output: 'stdout' | 'stderr', level: string): Logger
  /**
   * Calls back when the process is asked to end, with the milliseconds that clients with an open connection get to
   * notice it. The process ends when the promise resolves, and, but for a worker, when it is asked once more.
   */
  onStop(close: (grace: number) => Promise<void>, isWorker?: boolean): void
  /** Calls back when the process is asked to read its files again. */
  onReload(reload: () => void): void
}

/** Creates a command with its arguments, options and help; its action throws a `CommandError` or a `ConfigError`. */
export type CreateCommand = (context: CommandContext) => Command

/** Formats the examples of a command for the end of its help: what to type, and what it does. */
export function formatExamples(examples: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(examples).map(({ length }) => length))
  const lines = Object.entries(examples).map(([typed, what]) => `  ${typed.padEnd(width)}   ${what}\n`)
  return `\nExamples:\n${lines.join('')}`
}
