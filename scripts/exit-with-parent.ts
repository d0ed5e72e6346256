/**
 * Ends this process with SIGTERM when its parent has ended or is ending. Loaded for its effect (`--import`). A parent
 * killed with SIGKILL notifies nobody. GNU make passes SIGTERM on to its children; at SIGINT and SIGHUP it only waits
 * and no longer catches the signal, which Linux shows in /proc.
 */
import { readFileSync } from 'node:fs'

/** The parent may have ended before this line runs, so it can name itself: `?parent=PID`. */
const parent = Number(new URL(import.meta.url).searchParams.get('parent') ?? process.ppid)
const caught = readCaughtByMake()

const watch = setInterval(() => {
  if (process.ppid === parent && readCaughtByMake() === caught) return
  clearInterval(watch)
  process.kill(process.pid, 'SIGTERM')
}, 500).unref()

/** Returns which of SIGHUP and SIGINT the parent catches, as the last two bits; undefined if it is not make. */
function readCaughtByMake(): number | undefined {
  try {
    const status = readFileSync(`/proc/${parent}/status`, 'utf8')
    const lastDigit = /^Name:\tg?make$[\s\S]*^SigCgt:\t\w*(\w)$/m.exec(status)?.[1]
    return lastDigit === undefined ? undefined : Number.parseInt(lastDigit, 16) & 0b11
  } catch {
    return undefined
  }
}
