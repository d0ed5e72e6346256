import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readCpu, readMemory } from '../bench/process-usage.ts'
import { summarise } from '../bench/statistics.ts'
import { awaitPort } from '../bench/subject.ts'
import { findFreePorts } from '../test/support/processes.ts'
import type { CorpusDocument } from './documents.ts'

/** What it costs to serve one large document. */
export interface StartFigures {
  readonly path: string
  readonly bytes: number
  /** From the command until both ports accept connections; the median of some starts. */
  readonly milliseconds: number
  /** CPU time of that, user and system, in milliseconds: what a machine with other work has no part in; the median. */
  readonly cpu: number
  /** Resident memory after the start, in bytes; the median. */
  readonly memory: number
}

type Measured = Omit<StartFigures, 'path' | 'bytes'>

const program = fileURLToPath(new URL('../bin/calgate.js', import.meta.url))
const starts = 5

/** Starts a gateway on a document some times, one after the other. */
export async function measureStart({ path, file }: CorpusDocument): Promise<StartFigures> {
  const measured: Measured[] = []
  // The first start reads its files from disk; it does not count.
  for (let turn = 0; turn <= starts; turn += 1) {
    const one = await startOnce(file)
    if (turn > 0) measured.push(one)
  }
  const median = (figure: (one: Measured) => number) => summarise(measured.map(figure)).median
  return {
    path,
    bytes: statSync(file).size,
    milliseconds: median(({ milliseconds }) => milliseconds),
    cpu: median(({ cpu }) => cpu),
    memory: median(({ memory }) => memory),
  }
}

async function startOnce(file: string): Promise<Measured> {
  const [rest = 0, mcp = 0, control = 0] = await findFreePorts(3)
  const begin = performance.now()
  const child = spawn(process.execPath, [program, 'serve', file], {
    env: { ...process.env, REST_PORT: `${rest}`, MCP_PORT: `${mcp}`, CONTROL_PORT: `${control}` },
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  await Promise.race([
    Promise.all([awaitPort(rest), awaitPort(mcp)]),
    ended.then(() => Promise.reject(new Error(`the gateway ended before it served ${file}`))),
  ])
  const milliseconds = performance.now() - begin
  const [cpu, memory] = [readCpu(child.pid ?? 0) / 1000, readMemory(child.pid ?? 0)]
  child.kill('SIGINT')
  await ended
  return { milliseconds, cpu, memory }
}
