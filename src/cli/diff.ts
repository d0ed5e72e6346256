import { ComparisonError, formatChanges, listChanges } from '../description/document-changes.ts'
import { type CommandContext, CommandError } from './command.ts'

/**
 * Tells what changes for clients from one OpenAPI document to another; the exit code is 1 on a breaking change, 2 where
 * they cannot be compared.
 */
export async function diff(args: readonly string[], context: CommandContext): Promise<number> {
  const { execPath, environment, stdout } = context
  const [old, next, ...more] = args
  if (old === undefined || next === undefined || more.length > 0)
    throw new CommandError('diff takes two files, OLD and NEW')
  const changes = await listChanges(old, next, { execPath, env: environment }).catch((error: unknown) => {
    throw error instanceof ComparisonError ? new CommandError(error.message) : error
  })
  stdout.write(formatChanges(changes))
  return changes.some(({ breaking }) => breaking) ? 1 : 0
}
