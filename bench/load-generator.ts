import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { generatorCpu } from './cpus.ts'

/** A request that is sent again and again. */
export interface BenchRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Result of some seconds of load; latencies in milliseconds. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  /** Unsuccessful responses and failed connections. */
  readonly errors: number
}

/** Loads a port of this machine for some seconds over as many connections. */
export type LoadGenerator = (
  port: number,
  request: BenchRequest,
  connections: number,
  seconds: number,
) => Promise<LoadResult>

const run = promisify(execFile)

/** Returns wrk, or autocannon where wrk is missing, on the generator's CPU; `name` says which. */
export function findLoadGenerator(folder: string): { readonly name: string; readonly load: LoadGenerator } {
  if (spawnSync('wrk', ['-v']).error) return { name: 'autocannon', load: loadWithAutocannon }
  return { name: 'wrk', load: (...load) => loadWithWrk(`${folder}/request.lua`, ...load) }
}

async function loadWithWrk(
  script: string,
  port: number,
  request: BenchRequest,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  writeFileSync(script, writeScript(request))
  // wrk takes whole seconds only.
  const duration = `${Math.max(1, Math.round(seconds))}s`
  const url = `http://127.0.0.1:${port}${request.path}`
  const args = ['-t1', `-c${connections}`, `-d${duration}`, '--timeout', '10s', '-s', script, url]
  const { stdout } = await run('taskset', ['-c', String(generatorCpu), 'wrk', ...args])
  return parseWrk(stdout)
}

/** The request is static, so wrk writes it once and calls no Lua while it loads. */
function writeScript({ method, headers, body }: BenchRequest): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${quote(name)}] = ${quote(value)}`,
  )
  return `wrk.method = ${quote(method)}
${lines.join('\n')}
${body === undefined ? '' : `wrk.body = ${quote(body)}`}
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('result %d %d %f %f %d\\n', summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
}

/** Reads the line that the script prints: microseconds throughout. */
export function parseWrk(output: string): LoadResult {
  const [, requests, duration, p50, p99, errors] =
    /^result (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)$/m.exec(output) ?? []
  if (requests === undefined) throw new Error(`wrk printed no result:\n${output}`)
  return {
    requests: Number(requests),
    seconds: Number(duration) / 1e6,
    p50: Number(p50) / 1e3,
    p99: Number(p99) / 1e3,
    errors: Number(errors),
  }
}

async function loadWithAutocannon(
  port: number,
  request: BenchRequest,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const program = fileURLToPath(new URL('node_modules/autocannon/autocannon.js', import.meta.url))
  const headers = Object.entries(request.headers).flatMap(([name, value]) => ['-H', `${name}=${value}`])
  const body = request.body === undefined ? [] : ['-b', request.body]
  const duration = Math.max(1, Math.round(seconds))
  const url = `http://127.0.0.1:${port}${request.path}`
  const options = [
    '-j',
    '-c',
    `${connections}`,
    '-d',
    `${duration}`,
    '-m',
    request.method,
    ...headers,
    ...body,
  ]
  const command = ['-c', String(generatorCpu), process.execPath, program, ...options, url]
  const { stdout } = await run('taskset', command, { maxBuffer: 2 ** 24 })
  return parseAutocannon(stdout)
}

/** Reads what `autocannon -j` prints: milliseconds throughout. */
export function parseAutocannon(output: string): LoadResult {
  const { requests, duration, latency, errors, non2xx } = JSON.parse(output)
  return {
    requests: requests.total,
    seconds: duration,
    p50: latency.p50,
    p99: latency.p99,
    errors: errors + non2xx,
  }
}
