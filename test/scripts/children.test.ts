import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { startChild } from '../../scripts/children.ts'

const folder = mkdtempSync(join(tmpdir(), 'calgate-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts a program that says it is ready by leaving a file, and waits until it has. */
async function startProgram(source: string) {
  const program = join(folder, 'program.ts')
  const ready = join(folder, 'ready')
  rmSync(ready, { force: true })
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs'\n${source}\nwriteFileSync(${JSON.stringify(ready)}, '')`,
  )
  const child = startChild(pathToFileURL(program), process.env, 'ignore')
  await vi.waitFor(() => expect(existsSync(ready)).toBe(true), { timeout: 60_000 })
  return child
}

describe('a child', () => {
  it('is asked to end first', async () => {
    const child = await startProgram(
      `process.on('SIGINT', () => process.exit(7)); setInterval(() => {}, 1000)`,
    )
    child.stop()
    expect(await child.ended).toBe('exit code 7')
  })

  it('is forced to end when it is told twice and does not listen', async () => {
    const child = await startProgram(`process.on('SIGINT', () => {}); setInterval(() => {}, 1000)`)
    child.stop()
    child.stop()
    expect(await child.ended).toBe('SIGKILL')
  })

  it('that has ended by itself may be stopped all the same', async () => {
    const child = await startProgram(`setTimeout(() => process.exit(3))`)
    expect(await child.ended).toBe('exit code 3')
    expect(() => child.stop()).not.toThrow()
  })
})
