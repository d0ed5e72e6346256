import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSearch, findLeaks, listCanaries } from './leaks.ts'
import { folderVariable } from './run-log.ts'

/** Gives a run a folder for the logs of all its gateways; the run fails when any of them holds what it must not. */
export default function collectLogs(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-logs-'))
  process.env[folderVariable] = folder
  return () => {
    const leaks = searchLogs()
    rmSync(folder, { recursive: true })
    if (leaks.length > 0) throw new Error(`Logged, and must not be:\n${leaks.join('\n')}`)
  }
}

/** Everything in the logs of this run so far that must not be there. */
export function searchLogs(): string[] {
  const folder = process.env[folderVariable]
  if (!folder) throw new TypeError('the run has no folder for its logs')
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  )
  return findLeaks(lines, createSearch(listCanaries()))
}
