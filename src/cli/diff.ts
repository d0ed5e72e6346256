import { Command } from 'commander'
import { ComparisonError, formatChanges, listChanges } from '../description/document-changes.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'

/** Creates the command that compares two OpenAPI documents as their clients see them. */
export function createDiff({ execPath, environment, stdout, setExitCode }: CommandContext): Command {
  return new Command('diff')
    .description(
      'Reports what changes for clients from one OpenAPI document to another. Exits with 1 on a breaking change. Needs the package @redocly/cli.',
    )
    .argument('<old>', 'OpenAPI document, JSON or YAML')
    .argument('<new>', 'OpenAPI document, JSON or YAML')
    .addHelpText(
      'after',
      formatExamples({ 'calgate diff old.json new.json': 'list what breaks clients first' }),
    )
    .action(async (old: string, next: string) => {
      const changes = await listChanges(old, next, { execPath, env: environment }).catch((error: unknown) => {
        throw error instanceof ComparisonError ? new CommandError(error.message) : error
      })
      stdout.write(formatChanges(changes))
      setExitCode(changes.some(({ breaking }) => breaking) ? 1 : 0)
    })
}
