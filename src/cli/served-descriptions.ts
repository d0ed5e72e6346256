import type { DescriptionOptions } from '../description/files.ts'
import { selectShipped } from '../description/shipped.ts'
import type { OpenApiDocument } from '../document/document.ts'
import { type Streams, Unserved } from './command.ts'
import { formatProblems, loadNamedFiles, toCommandError } from './descriptions.ts'

/**
 * Loads the document of descriptions that are to be served or mocked, and writes its problems to standard error. Throws
 * `Unserved` where it cannot be served. Without a description, options select of what calgate ships with.
 */
export async function loadServed(
  files: readonly string[],
  options: DescriptionOptions,
  { stderr }: Pick<Streams, 'stderr'>,
): Promise<OpenApiDocument> {
  return files.length === 0 ? loadShipped(options) : loadNamed(files, options, stderr)
}

function loadShipped(options: DescriptionOptions): OpenApiDocument {
  try {
    return selectShipped(options)
  } catch (error) {
    throw toCommandError(error)
  }
}

async function loadNamed(
  files: readonly string[],
  options: DescriptionOptions,
  stderr: Streams['stderr'],
): Promise<OpenApiDocument> {
  const { document, problems, isRefused } = await loadNamedFiles(files, options)
  stderr.write(formatProblems(problems))
  if (!document || isRefused) throw new Unserved()
  return document
}
