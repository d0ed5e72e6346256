import { Command } from 'commander'
import type { DescriptionOptions } from '../description/files.ts'
import { type CommandContext, formatExamples } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import { formatProblems, loadNamedFiles } from './descriptions.ts'

/** Creates the command that writes the document of descriptions. */
export function createDerive({ stdout, stderr, setExitCode }: CommandContext): Command {
  const command = new Command('derive')
    .description(
      'Writes the OpenAPI 3.1 document that the gateway serves descriptions by; problems go to standard error. Exits with 1, without a document, when there is an error.',
    )
    .argument('<file...>', 'descriptions')
    .addHelpText(
      'after',
      formatExamples({
        'calgate derive bookings.yaml --schemas scheduling.json > openapi.json': 'type a capability',
      }),
    )
    .action(async (files: readonly string[], options: DescriptionOptions) => {
      const { document, problems, isRefused } = await loadNamedFiles(files, options)
      stderr.write(formatProblems(problems))
      if (!document || isRefused) setExitCode(1)
      else stdout.write(`${JSON.stringify(document, null, 2)}\n`)
    })
  return addDescriptionOptions(command)
}
