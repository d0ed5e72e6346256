/**
 * Builds the package: compiles `src/` and `mocks/` to `dist/`, with types and source maps, and copies the files that
 * they read. `npm pack` runs it.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Files that the program reads beside its code. */
const assets = ['openapi/openapi.json']

rmSync(`${root}dist`, { recursive: true, force: true })
execFileSync(`${root}node_modules/.bin/tsc`, ['--project', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
for (const asset of assets) cpSync(root + asset, `${root}dist/${asset}`)
