import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../bin/calgate.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'calgate-completion-'))

/** How each shell is started without the files of a user, and made ready for completions. */
const shells = {
  bash: { start: 'bash --norc --noprofile -i', ready: '' },
  zsh: { start: 'zsh -f -i', ready: 'autoload -U compinit; compinit -u -D; ' },
} as const

beforeAll(() => {
  for (const shell of ['bash', 'zsh'] as const) {
    const { stdout } = spawnSync(process.execPath, [main, 'completion', shell], { encoding: 'utf8' })
    writeFileSync(join(folder, shell), stdout)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Types into a shell on a terminal, presses Tab, and returns the arguments that the command then gets. */
async function complete(shell: keyof typeof shells, typed: string): Promise<string | undefined> {
  const { start, ready } = shells[shell]
  // `script` gives the shell a terminal.
  const child = spawn('script', ['-qfec', start, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const shows = (pattern: RegExp) =>
    expect.poll(() => pattern.test(output), { timeout: 30_000, interval: 20 }).toBe(true)
  child.stdin.write(`${ready}calgate() { echo "got:$*:"; }; source ${join(folder, shell)}; echo rea""dy\n`)
  await shows(/ready/)
  // Tab, and the end of the line.
  child.stdin.write(`${typed}\t\r`)
  await shows(/got:[^$]*?:/)
  child.stdin.end('exit\n')
  await ended
  return /got:([^$]*?):/.exec(output)?.[1]?.trim()
}

it.each(['bash', 'zsh'] as const)('%s completes commands, clients and options', async (shell) => {
  expect(await complete(shell, 'calgate comp')).toBe('completion')
  expect(await complete(shell, 'calgate install claude-d')).toBe('install claude-desktop')
  expect(await complete(shell, 'calgate serve --work')).toBe('serve --workers')
})
