import { createServer } from 'node:net'
import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'

/** Says why a port cannot be opened, and which variable or option moves it; undefined for an error of another kind. */
export function describePortError(error: unknown, port: number, name: string): CommandError | undefined {
  const { code } = asRecord(error)
  const move = `set ${name} to another port`
  if (code === 'EADDRINUSE') return new CommandError(`port ${port} is in use; ${move}`, 1)
  if (code === 'EACCES') return new CommandError(`port ${port} may not be opened by this user; ${move}`, 1)
  // Each worker has the control port after that of the one before.
  if (code === 'ERR_SOCKET_BAD_PORT') return new CommandError(`port ${port} is beyond 65535; ${move}`, 1)
  return undefined
}

/** Opens a port and closes it again. Returns the code of the error where that is not possible. */
export function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(String(asRecord(error).code)))
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })
}
