import { Command } from 'commander'
import type { DescriptionOptions } from '../description/files.ts'
import type { Loading } from '../description/load.ts'
import type { Problem, Severity } from '../description/problem.ts'
import { listOperations } from '../document/responses.ts'
import { type CommandContext, formatExamples } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import { formatProblems, loadFiles } from './descriptions.ts'

interface CheckOptions extends DescriptionOptions {
  readonly json?: true
}

/** Creates the command that reports every problem of descriptions. */
export function createCheck({ stdout, setExitCode }: CommandContext): Command {
  const command = new Command('check')
    .description(
      'Reports every problem of descriptions (capabilities, OpenAPI 2.0 to 3.2), with file, line and what would be right. Exits with 1 when something is wrong or left out.',
    )
    .argument('<file...>', 'descriptions')
    .option('--json', 'write the problems as JSON')
    .addHelpText(
      'after',
      formatExamples({
        'calgate check petstore.yaml --overlay mine.yaml': 'with an overlay',
        'calgate check petstore.yaml --json': 'for a program that reads the problems',
      }),
    )
    .action(async (files: readonly string[], options: CheckOptions) => {
      const loading = await loadFiles(files, options)
      const { problems } = loading
      const served = loading.isRefused ? 0 : countOperations(loading)
      stdout.write(options.json ? formatJson(problems, served) : formatText(problems, served))
      setExitCode(problems.some(({ severity }) => severity !== 'warning') ? 1 : 0)
    })
  return addDescriptionOptions(command)
}

function formatText(problems: readonly Problem[], served: number): string {
  const count = (severity: Severity) => problems.filter((one) => one.severity === severity).length
  const counts = `${tell(count('error'), 'error')}, ${count('omission')} left out, ${tell(count('warning'), 'warning')}`
  const operations = `${tell(served, 'operation')} ${served === 1 ? 'is' : 'are'} served`
  return `${formatProblems(problems)}${counts}; ${operations}\n`
}

/** Writes what docs/commands.md describes: how many operations are served, and the problems, each with its fix. */
function formatJson(problems: readonly Problem[], served: number): string {
  const listed = problems.map(({ file, line, column, severity, message, expected }) => ({
    ...{ file, line, column, severity, message },
    fix: expected,
  }))
  return `${JSON.stringify({ served, problems: listed }, null, 2)}\n`
}

function tell(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function countOperations({ document }: Loading): number {
  return document ? listOperations(document).length : 0
}
