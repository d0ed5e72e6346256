/**
 * Builds the package: compiles `src/` and `mocks/` to `dist/`, with types and source maps, copies the files that
 * they read, and writes the JSON Schema of calgate.yaml. `make package` packs it.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createSettingsSchema } from '../src/config/settings-schema.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Files that the program reads beside its code. */
const assets = ['openapi/openapi.json']

rmSync(`${root}dist`, { recursive: true, force: true })
execFileSync(`${root}node_modules/.bin/tsc`, ['--project', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
for (const asset of assets) cpSync(root + asset, `${root}dist/${asset}`)
writeFileSync(`${root}dist/calgate.schema.json`, `${JSON.stringify(createSettingsSchema(), null, 2)}\n`)
