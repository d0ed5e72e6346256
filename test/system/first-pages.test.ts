import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConsoleCommands } from '../support/console-blocks.ts'
import { findFreePorts } from '../support/processes.ts'
import { type PackedPackage, packAndInstall, userEnvironment } from './packed.ts'

/** Packing, installing and cold starts take a while on a busy machine. */
const timeLimit = 600_000
const ports = ['8080', '9090', '9091', '8081', '9190', '9191']

let packed: PackedPackage
beforeAll(async () => {
  packed = await packAndInstall()
}, timeLimit)
afterAll(() => packed[Symbol.dispose]())

/** Waits for a gateway that is started in the background, by the last port that it opens. */
function toScript(command: string, control: string): string {
  if (command.startsWith('npm install')) return ':'
  if (!command.endsWith('&')) return command
  const port = /CONTROL_PORT=(\d+)/.exec(command)?.[1] ?? control
  return `${command.slice(0, -1)} >gateway.log 2>&1 &\ncurl -sf --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:${port}/health/live >ready`
}

/** Turns what a page shows into a pattern: … stands for anything, lines too. */
function toPattern(lines: readonly string[]): RegExp {
  const text = lines.join('\n').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${text.replaceAll('…', '[^]*')}$`)
}

describe.each(['docs/get-started.md', 'docs/agents.md'])('%s', (page) => {
  it('shows what its commands print', { timeout: timeLimit }, async () => {
    const commands = readConsoleCommands(readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8'))
    const folder = join(packed.folder, page.replaceAll(/\W/g, '-'))
    mkdirSync(folder)
    const free = await findFreePorts(ports.length)
    const [, , control = 0] = free
    const localize = (text: string) =>
      text.replaceAll(/\b(8080|8081|9090|9091|9190|9191)\b/g, (port) => String(free[ports.indexOf(port)]))
    const script = commands.map(({ command }) => `echo '==='\n${toScript(localize(command), `${control}`)}\n`)
    const child = spawn('bash', ['-c', `trap 'kill 0' EXIT\n${script.join('')}`], {
      cwd: folder,
      // A group of its own, which the script ends as a whole: npx leaves its child behind.
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: userEnvironment({
        REST_PORT: `${free[0]}`,
        MCP_PORT: `${free[1]}`,
        CONTROL_PORT: `${control}`,
      }),
    })
    const ended = once(child, 'close')
    const output = Buffer.concat(await child.stdout.toArray()).toString('utf8')
    await ended
    const printed = output.split('===\n').slice(1)
    expect(printed).toHaveLength(commands.length)
    for (const [index, { output: shown }] of commands.entries())
      expect(printed[index]?.trimEnd()).toMatch(toPattern(shown))
  })
})
