/**
 * Ends this process, the way SIGTERM does, when the one that started it is gone or going. Loaded for its effect
 * (`--import`). A process killed with SIGKILL tells nobody; GNU make passes SIGTERM on to what it runs, but at
 * SIGINT and SIGHUP it only waits, no longer catching the signal, which on Linux is there to be seen.
 */
import { readFileSync } from 'node:fs'

/** Who started this process may be gone by now, and says who it was where it can: `?starter=PID`. */
const starter = Number(new URL(import.meta.url).searchParams.get('starter') ?? process.ppid)
const caught = readCaughtByMake()

const watch = setInterval(() => {
  if (process.ppid === starter && readCaughtByMake() === caught) return
  clearInterval(watch)
  process.kill(process.pid, 'SIGTERM')
}, 500).unref()

/** Which of SIGHUP and SIGINT the starter catches, as the last two bits; nothing where it is not make. */
function readCaughtByMake(): number | undefined {
  try {
    const status = readFileSync(`/proc/${starter}/status`, 'utf8')
    const lastDigit = /^Name:\tg?make$[\s\S]*^SigCgt:\t\w*(\w)$/m.exec(status)?.[1]
    return lastDigit === undefined ? undefined : Number.parseInt(lastDigit, 16) & 0b11
  } catch {
    return undefined
  }
}
