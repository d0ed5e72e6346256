import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('log-writer.ts', import.meta.url))

/** Runs a process that writes more lines than its log keeps, and tells how it ended. */
async function writeLog(stdout: 'pipe' | number) {
  const child = spawn(process.execPath, [script], { stdio: ['ignore', stdout, 'pipe'] })
  const [dropped, [code]] = await Promise.all([child.stderr ? text(child.stderr) : '', once(child, 'exit')])
  return { dropped: Number(dropped), code, written: child.stdout }
}

it('a full disk costs lines, which are counted, and the process ends', async () => {
  const { dropped, code } = await writeLog(openSync('/dev/full', 'w'))
  expect(code).toBe(0)
  expect(dropped).toBeGreaterThan(0)
  expect(dropped).toBeLessThan(60_000)
})

it('a pipe that nobody reads costs lines, which are counted, and the process ends', async () => {
  const { dropped, code, written } = await writeLog('pipe')
  expect(code).toBe(0)
  expect(dropped).toBeGreaterThan(0)
  written?.destroy()
})
