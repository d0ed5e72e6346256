import type { OpenApiDocument } from '../document/document.ts'
import { CommandError, type Streams } from './command.ts'
import { descriptionUsage, formatProblems, loadArguments } from './descriptions.ts'

const usage = `Usage: calgate serve [FILE…] [options]

Serves descriptions (capabilities, OpenAPI 2.0 to 3.2) on both servers; without one, what calgate ships with.
Problems are told on standard error: an error keeps the gateway from starting, everything else costs what it says.

  calgate serve petstore.yaml --base-url https://api.example.org

${descriptionUsage}`

/**
 * Loads the document that the arguments name to be served, and tells its problems. Throws a `CommandError` where it
 * cannot be served.
 */
export async function loadServed(args: readonly string[], { stderr }: Streams): Promise<OpenApiDocument> {
  const { document, problems, isRefused } = await loadArguments(args, usage)
  stderr.write(formatProblems(problems))
  if (!document || isRefused) throw new CommandError('nothing is served until these problems are mended')
  if (Object.keys(document.paths).length === 0) throw new CommandError('no operation is left to serve')
  return document
}
