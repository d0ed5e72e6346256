import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file of keys with these lines, until it is disposed of. */
export function writeKeys(lines: readonly string[]): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-keys-'))
  const path = join(folder, 'keys')
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
