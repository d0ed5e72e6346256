import { listScopes } from '../access/authorization.ts'
import { createKey } from '../config/gateway-keys.ts'
import { readDocument } from '../document/document.ts'
import { readOperations } from '../document/operations.ts'
import { CommandError, type Streams } from './command.ts'

/**
 * Makes a key for a client. Its line goes to the file that standard output leads to, the key itself to the user who
 * runs the command.
 */
export async function key(args: readonly string[], { stdout, stderr }: Streams): Promise<number> {
  const [name = '', ...scopes] = args
  const known = listScopes(readOperations(readDocument()))
  const unknown = scopes.filter((scope) => !known.includes(scope))
  if (name === '' || scopes.length === 0 || unknown.length > 0)
    throw new CommandError(`key takes a name and scopes; there are ${known.join(', ')}`, 1)
  try {
    const made = createKey(name, scopes)
    stdout.write(`${made.line}\n`)
    stderr.write(`The key of ${name}, which is told only now: ${made.key}\n`)
    return 0
  } catch (error) {
    throw error instanceof RangeError ? new CommandError(error.message, 1) : error
  }
}
