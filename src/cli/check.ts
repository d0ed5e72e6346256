import { Command } from 'commander'
import type { DescriptionOptions } from '../description/files.ts'
import type { Loading } from '../description/load.ts'
import type { Severity } from '../description/problem.ts'
import { type CommandContext, formatExamples } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import { formatProblems, loadFiles } from './descriptions.ts'

/** Creates the command that reports every problem of descriptions. */
export function createCheck({ stdout, setExitCode }: CommandContext): Command {
  const command = new Command('check')
    .description(
      'Reports every problem of descriptions (capabilities, OpenAPI 2.0 to 3.2), with file, line and what would be right. Exits with 1 when something is wrong or left out.',
    )
    .argument('<file...>', 'descriptions')
    .addHelpText(
      'after',
      formatExamples({ 'calgate check petstore.yaml --overlay mine.yaml': 'with an overlay' }),
    )
    .action(async (files: readonly string[], options: DescriptionOptions) => {
      const loading = await loadFiles(files, options)
      const { problems } = loading
      const count = (severity: Severity) => problems.filter((one) => one.severity === severity).length
      const counts = `${tell(count('error'), 'error')}, ${count('omission')} left out, ${tell(count('warning'), 'warning')}`
      const served = loading.isRefused ? 0 : countOperations(loading)
      stdout.write(formatProblems(problems))
      stdout.write(`${counts}; ${tell(served, 'operation')} ${served === 1 ? 'is' : 'are'} served\n`)
      setExitCode(count('error') + count('omission') > 0 ? 1 : 0)
    })
  return addDescriptionOptions(command)
}

function tell(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function countOperations({ document }: Loading): number {
  return Object.values(document?.paths ?? {}).flatMap((item) => Object.keys(item)).length
}
