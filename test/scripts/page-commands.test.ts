import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { listVariables } from '../../src/config/variables.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { listFiles, readText, root } from '../rules/tree.ts'
import { readConsoleCommands } from '../support/console-blocks.ts'
import { findFreePorts } from '../support/processes.ts'

const commands = listFiles()
  .filter((path) => path.endsWith('.md'))
  .flatMap((path) => readConsoleCommands(readText(path)).map(({ command }) => command.replace(/\s+#.*$/, '')))
/** The environment of a user's shell: nothing of the make or Vitest that runs this test. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(MAKE|VITEST|npm_)/.test(name)),
)
const scripts: Readonly<Record<string, string>> = manifest.scripts

/** Names the programs that are missing where a shell would look for them, of a line that make or npm would run. */
function findMissing(line: string): string[] {
  const run = [...line.matchAll(/npm run(?: --\S+)* ([a-z:]+)/g)].map(([, name = '']) => name)
  const files = [
    ...line.matchAll(/(?<![\w./-])(?:\.\/)?((?:bin|scripts|contracts|stress|bench|corpus)\/[\w./-]+)/g),
  ]
  return [
    ...run.flatMap((name) => (name in scripts ? findMissing(scripts[name] ?? '') : [name])),
    ...files.map(([, file = '']) => file).filter((file) => !existsSync(join(root, file))),
  ]
}

const targets = new Set(
  commands.flatMap((command) =>
    [...command.matchAll(/(?:^|&& )(?:[A-Z_]+=\S* )*make ([a-z-]+)/g)].map(([, target = '']) => target),
  ),
)

describe('commands of pages', () => {
  it.each([...targets])('make %s leads to programs that there are', (target) => {
    const lines = execFileSync('make', ['-n', target], { cwd: root, env: environment, encoding: 'utf8' })
    expect(lines).toMatch(/\bnode |npm /)
    expect(findMissing(lines)).toEqual([])
  })

  it('that lead to none are noticed', () => {
    expect(findMissing('npm run --silent none && exec node scripts/none.ts')).toEqual([
      'none',
      'scripts/none.ts',
    ])
  })

  it('run a scenario that make runs too', () => {
    const run = commands.flatMap((one) => /^node (stress\/[\w-]+)\.ts$/.exec(one)?.[1] ?? [])
    expect(run).toHaveLength(1)
    for (const file of run) {
      expect(existsSync(join(root, `${file}.ts`))).toBe(true)
      expect(readText('stress/main.ts')).toContain(`./${file.replace('stress/', '')}.ts`)
    }
  })

  it('install the package in its version', () => {
    const tarballs = commands.flatMap((one) => /^npm install \.\/(\S+\.tgz)$/.exec(one)?.[1] ?? [])
    expect(new Set(tarballs)).toEqual(new Set([`${manifest.name}-${manifest.version}.tgz`]))
  })

  it('of docs/observability.md install the optional packages in their versions, for a variable that there is', () => {
    const page = readConsoleCommands(readText('docs/observability.md')).map(({ command }) => command)
    const [install = '', set = ''] = page
    const wanted = Object.entries(manifest.peerDependencies)
      .filter(([name]) => name.startsWith('@opentelemetry/'))
      .map(([name, version]) => `${name}@${version}`)
    expect(install.replace('npm install ', '').split(' ').sort()).toEqual(wanted.sort())
    const [, variable = ''] = /^export (\w+)=/.exec(set) ?? []
    expect(Object.keys(listVariables(readApi(readDocument())))).toContain(variable)
    expect(page).toHaveLength(2)
  })

  it('run one file of tests', () => {
    const [run = ''] = commands.filter((one) => one.startsWith('npx vitest '))
    const program = join(root, 'node_modules/vitest/vitest.mjs')
    const args = [program, ...run.split(' ').slice(2)]
    const env = { ...environment, NO_COLOR: '1' }
    const printed = execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })
    expect(printed).toMatch(/^ Test Files {2}1 passed \(1\)$/m)
  })

  it('start the mock', async () => {
    const [start = ''] = commands.filter((one) => one.endsWith('npm run mock'))
    const [port] = await findFreePorts(1)
    const program = scripts.mock?.replace('exec node', `exec '${process.execPath}'`) ?? ''
    const child = spawn('sh', ['-c', `export ${start.replace('npm run mock', '')}; ${program}`], {
      cwd: root,
      env: { ...environment, MOCK_PORT: `${port}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
    child.kill()
    await ended
    expect(line).toBe(`The mock (stateful) is ready at http://127.0.0.1:${port}\n`)
  })
})
