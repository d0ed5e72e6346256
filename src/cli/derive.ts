import type { Streams } from './command.ts'
import { descriptionUsage, formatProblems, loadArguments } from './descriptions.ts'

const usage = `Usage: calgate derive FILE… [options]

Writes the OpenAPI 3.1 document that the gateway serves descriptions by, with their problems on standard error.
Exits with 1 and writes no document when there is an error.

  calgate derive bookings.yaml --schemas scheduling.json > openapi.json

${descriptionUsage}`

/** Writes the document of the descriptions that the arguments name, and returns the exit code. Throws a `CommandError`. */
export async function derive(args: readonly string[], { stdout, stderr }: Streams): Promise<number> {
  const { document, problems, isRefused } = await loadArguments(args, usage)
  stderr.write(formatProblems(problems))
  if (!document || isRefused) return 1
  stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  return 0
}
