import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findFreePorts } from '../support/processes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const own = fileURLToPath(new URL('node_modules/', import.meta.url))
const run = promisify(execFile)

/** The Nodes that the package is tested on, by version: the one of the tests, and the oldest line that is supported. */
export const nodes = [
  ['24', process.execPath],
  ['22', join(own, 'node-22/bin/node')],
] as const

/** The last line that is too old. */
export const oldNode = join(own, 'node-20/bin/node')

/** The package, packed and installed in a folder that was empty. */
export interface PackedPackage extends Disposable {
  readonly tarball: string
  readonly folder: string
}

/** Packs the package that build.ts has built, as it would be published, and installs it with its production packages. */
export async function packAndInstall(): Promise<PackedPackage> {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-packed-'))
  await npm(root, 'pack', '--pack-destination', folder)
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '')
  // A download that stalls is tried again, within the time of the test.
  await npm(folder, 'install', '--prefer-offline', '--fetch-timeout=60000', tarball)
  return { tarball, folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Runs npm as in a user's shell, and returns its output. */
export async function npm(cwd: string, ...args: string[]): Promise<string> {
  const program = join(own, 'npm-11/bin/npm-cli.js')
  const { stdout } = await run(process.execPath, [program, ...args], { cwd, env: userEnvironment() })
  return stdout
}

/** Runs a tool that is installed with these tests; the exit code is 0 or it rejects. */
export async function runTool(file: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [join(own, file), ...args], { env: userEnvironment() })
  return stdout
}

/** The environment of a user's shell: nothing of the npm or make that runs this test. */
export function userEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|MAKE|VITEST|NODE_)/i.test(name))
  return { ...Object.fromEntries(kept), npm_config_loglevel: 'error', ...more }
}

/** A program that runs until it is disposed of. */
export interface RunningProgram extends AsyncDisposable {
  readonly ports: { readonly rest: number; readonly mcp: number; readonly control: number }
  /** Resolves with the first part of standard output that matches. Rejects when the program ends before. */
  awaitOutput(pattern: RegExp): Promise<RegExpExecArray>
}

/** Starts a program in a folder, on free ports. */
export async function startProgram(
  cwd: string,
  [command = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  const [rest = 0, mcp = 0, control = 0] = await findFreePorts(3)
  const ports = { REST_PORT: `${rest}`, MCP_PORT: `${mcp}`, CONTROL_PORT: `${control}` }
  const env = userEnvironment({ ...ports, ...environment })
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let output = ''
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  return {
    ports: { rest, mcp, control },
    async awaitOutput(pattern) {
      for (;;) {
        const found = pattern.exec(output)
        if (found) return found
        const next = Promise.race([once(child.stdout, 'data'), ended.then(() => 'ended' as const)])
        if ((await next) === 'ended') throw new Error(`the program has ended: ${output}${errors}`)
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
      await ended
    },
  }
}
