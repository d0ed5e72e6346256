import {
  DescriptionError,
  type DescriptionOptions,
  type LoadedDescriptions,
  loadFiles as load,
} from '../description/files.ts'
import type { Problem } from '../description/problem.ts'
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

const words = { error: 'error', omission: 'left out', warning: 'warning' } as const

/** Writes problems one a line: file, line, what is wrong, what would be right. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(
      ({ file, line, severity, message, expected }) =>
        `${file}:${line}: ${words[severity]}: ${message}; expected ${expected}\n`,
    )
    .join('')
}
