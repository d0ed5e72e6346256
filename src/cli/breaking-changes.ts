import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ComparisonError, listChanges } from '../description/document-changes.ts'
import type { OpenApiDocument } from '../document/document.ts'
import { type CommandContext, CommandError } from './command.ts'

/** Rejects with a `CommandError` where one document breaks clients of the other, or the two cannot be compared. */
export async function refuseBreakingChanges(
  old: OpenApiDocument,
  next: OpenApiDocument,
  { execPath, environment }: Pick<CommandContext, 'execPath' | 'environment'>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'calgate-reload-'))
  const files = { old: join(folder, 'old.json'), next: join(folder, 'next.json') }
  try {
    await writeFile(files.old, JSON.stringify(old))
    await writeFile(files.next, JSON.stringify(next))
    const changes = await listChanges(files.old, files.next, { execPath, env: environment })
    const breaking = changes.filter((change) => change.breaking)
    const [first] = breaking
    if (first)
      throw new CommandError(
        `the descriptions break clients: changes ${breaking.length}, the first one ${first.operation} ${first.place} ${first.what}; --allow-breaking serves them`,
      )
  } catch (error) {
    throw error instanceof ComparisonError
      ? new CommandError(
          `the descriptions cannot be compared: ${error.message}; --allow-breaking serves them`,
        )
      : error
  } finally {
    await rm(folder, { recursive: true })
  }
}
