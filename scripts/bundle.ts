/**
 * Bundles the package with its production packages for Claude Desktop: `calgate.mcpb`, by `manifest.json`. `make mcpb`
 * builds the package before.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'calgate-bundle-'))
const run = (command: string, args: readonly string[], cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8' })

try {
  cpSync(`${root}manifest.json`, join(folder, 'manifest.json'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const tarball = run('npm', ['pack', '--silent', '--pack-destination', folder], root).trim()
  run('npm', ['install', '--silent', '--ignore-scripts', '--prefer-offline', `./${tarball}`])
  rmSync(join(folder, tarball))
  run(`${root}node_modules/.bin/mcpb`, ['pack', folder, process.argv[2] ?? `${root}calgate.mcpb`])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
