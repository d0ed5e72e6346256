import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'

/** Says why a port cannot be opened, and which variable or option moves it; undefined for an error of another kind. */
export function describePortError(error: unknown, port: number, name: string): CommandError | undefined {
  const { code } = asRecord(error)
  const move = `set ${name} to another port`
  if (code === 'EADDRINUSE') return new CommandError(`port ${port} is in use; ${move}`, 1)
  if (code === 'EACCES') return new CommandError(`port ${port} may not be opened by this user; ${move}`, 1)
  return undefined
}
