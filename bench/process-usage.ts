import { readFileSync } from 'node:fs'
import { listDescendants } from '../test/support/processes.ts'

/** Microseconds of a clock tick in /proc; Linux tells user space 100 ticks a second on every architecture. */
const tick = 10_000

/** Microseconds of CPU, user and system, that a process and all it started have used so far, threads included. */
export function readCpu(pid: number): number {
  return [pid, ...listDescendants(pid)]
    .map((one) => parseCpu(readFileSync(`/proc/${one}/stat`, 'utf8')))
    .reduce((sum, one) => sum + one, 0)
}

/** Returns the bytes of memory that a process and all it started hold now; shared pages count for each. */
export function readMemory(pid: number): number {
  return [pid, ...listDescendants(pid)]
    .map((one) => parseMemory(readFileSync(`/proc/${one}/status`, 'utf8')))
    .reduce((sum, one) => sum + one, 0)
}

/** Reads microseconds from the text of /proc/PID/stat; the name in brackets may hold spaces and brackets. */
export function parseCpu(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Fields 14 and 15 of proc(5); the first after the name is field 3.
  return (Number(fields[11]) + Number(fields[12])) * tick
}

/** Reads bytes from the text of /proc/PID/status. */
export function parseMemory(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
