import type { Loading } from '../description/load.ts'
import type { Severity } from '../description/problem.ts'
import type { Streams } from './command.ts'
import { descriptionUsage, formatProblems, loadArguments } from './descriptions.ts'

const usage = `Usage: calgate check FILE… [options]

Tells every problem of descriptions (capabilities, OpenAPI 2.0 to 3.2), with file, line and what would be right.
Exits with 0 when everything is served, with 1 when something is left out or wrong, with 2 when a file cannot be read.

  calgate check petstore.yaml --overlay mine.yaml

${descriptionUsage}`

/** Checks the descriptions that the arguments name, and returns the exit code. Throws a `CommandError`. */
export async function check(args: readonly string[], { stdout }: Streams): Promise<number> {
  const loading = await loadArguments(args, usage)
  const { problems } = loading
  const count = (severity: Severity) => problems.filter((one) => one.severity === severity).length
  const costly = count('error') + count('omission')
  stdout.write(formatProblems(problems))
  stdout.write(
    `${count('error')} errors, ${count('omission')} left out, ${count('warning')} warnings; ${countOperations(loading)} operations are served\n`,
  )
  return costly > 0 ? 1 : 0
}

function countOperations({ document }: Loading): number {
  return Object.values(document?.paths ?? {}).flatMap((item) => Object.keys(item)).length
}
