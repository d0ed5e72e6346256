/** A command line that cannot be carried out; the message is one sentence for the one who typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  /** 2, as everywhere for a command that did not come to a result. */
  readonly exitCode = 2
}

/** Where a command writes to. */
export interface Streams {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}
