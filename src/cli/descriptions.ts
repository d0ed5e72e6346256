import {
  DescriptionError,
  type DescriptionOptions,
  type LoadedDescriptions,
  loadFiles,
} from '../description/files.ts'
import { type DescriptionProblem, formatProblem } from '../description/problem.ts'
import { CommandError } from './command.ts'

/** Loads the descriptions that a command names. Throws a `CommandError`. */
export async function loadNamedFiles(
  files: readonly string[],
  options: DescriptionOptions,
): Promise<LoadedDescriptions> {
  return loadFiles(files, options).catch((error: unknown) => {
    throw toCommandError(error)
  })
}

/** Turns what descriptions are refused for into the error of a command; gives any other error back. */
export function toCommandError(error: unknown): unknown {
  return error instanceof DescriptionError ? new CommandError(error.message) : error
}

/** Writes problems one a line. */
export function formatProblems(problems: readonly DescriptionProblem[]): string {
  return problems.map((problem) => `${formatProblem(problem)}\n`).join('')
}
