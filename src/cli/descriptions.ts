import {
  DescriptionError,
  type DescriptionOptions,
  type LoadedDescriptions,
  loadFiles as load,
} from '../description/files.ts'
import { formatProblem, type Problem } from '../description/problem.ts'
import { CommandError } from './command.ts'

/** Loads the descriptions that a command names. Throws a `CommandError`. */
export async function loadFiles(
  files: readonly string[],
  options: DescriptionOptions,
): Promise<LoadedDescriptions> {
  return load(files, options).catch((error: unknown) => {
    throw toCommandError(error)
  })
}

/** Turns what descriptions are refused for into the error of a command; gives any other error back. */
export function toCommandError(error: unknown): unknown {
  return error instanceof DescriptionError ? new CommandError(error.message) : error
}

/** Writes problems one a line. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map((problem) => `${formatProblem(problem)}\n`).join('')
}
