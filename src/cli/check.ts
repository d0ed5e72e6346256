import { Command } from 'commander'
import type { DescriptionOptions } from '../description/files.ts'
import type { Loading } from '../description/load.ts'
import type { DescriptionProblem, Severity } from '../description/problem.ts'
import { readOperations } from '../document/operations.ts'
import { listOperations } from '../document/responses.ts'
import { listSecretTools } from '../mcp/schema-redaction.ts'
import { type CommandContext, formatExamples } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import { formatProblems, loadNamedFiles } from './descriptions.ts'

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
      const loading = await loadNamedFiles(files, options)
      const served = loading.isRefused ? 0 : countOperations(loading)
      const problems = [...loading.problems, ...(loading.isRefused ? [] : findSecretTools(loading))]
      stdout.write(options.json ? formatJson(problems, served) : formatText(problems, served))
      setExitCode(problems.some(({ severity }) => severity !== 'warning') ? 1 : 0)
    })
  return addDescriptionOptions(command)
}

function formatText(problems: readonly DescriptionProblem[], served: number): string {
  const count = (severity: Severity) => problems.filter((one) => one.severity === severity).length
  const counts = `${tell(count('error'), 'error')}, ${count('omission')} left out, ${tell(count('warning'), 'warning')}`
  const operations = `${tell(served, 'operation')} ${served === 1 ? 'is' : 'are'} served`
  return `${formatProblems(problems)}${counts}; ${operations}\n`
}

/** Writes what docs/commands.md describes: how many operations are served, and the problems, each with its fix. */
function formatJson(problems: readonly DescriptionProblem[], served: number): string {
  const listed = problems.map(({ file, line, column, severity, message, expected }) => ({
    ...{ file, line, column, severity, message },
    fix: expected,
  }))
  return `${JSON.stringify({ served, problems: listed }, null, 2)}\n`
}

function tell(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Finds the tools that a gateway with configured credentials would not list, unless its operator says otherwise. */
function findSecretTools({ document, operations = [] }: Loading): DescriptionProblem[] {
  if (!document) return []
  return listSecretTools(readOperations(document, () => {})).flatMap(({ method, path }) => {
    const name = `${method} ${path}`
    const own = operations.find((one) => `${one.method.toUpperCase()} ${one.key}` === name)
    if (!own) return []
    return {
      file: own.description.file,
      ...own.findPosition(),
      message: `${name} is no tool with MCP_TOKENS=withhold: its response has nothing but secrets`,
      expected: 'members that are no secrets, or x-secret on the whole response where it is meant to be none',
      severity: 'warning',
    }
  })
}

function countOperations({ document }: Loading): number {
  return document ? listOperations(document).length : 0
}
