/** Returns whether a stream of the process is a terminal, where a user reads and types. */
export function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}
