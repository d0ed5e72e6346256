import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { startTelemetryReceiver } from '../../stress/telemetry-receiver.ts'
import { readConsoleCommands } from '../support/console-blocks.ts'
import { findFreePorts } from '../support/processes.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const commands = readConsoleCommands(readFileSync(join(root, 'docs/replicas.md'), 'utf8'))
const ports = ['6379', '8081', '9191', '9291', '8082', '9192', '9292', '8443', '9443', '9099', '4318']

/** What operating.md has created by its third step, in a folder where the repository seems to be. */
function prepare(upstream: string): { readonly folder: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-replicas-page-'))
  mkdirSync(join(folder, 'secrets'))
  const { key, line } = createKey('booking-service', ['managed-users:read'])
  const secret = join(folder, 'secrets/client-secret')
  writeFileSync(secret, 'demo-secret')
  writeFileSync(join(folder, 'secrets/keys'), `${line}\n`)
  const variables = {
    CAL_COM_BASE_URL: upstream,
    CAL_COM_CLIENT_ID: 'cm9demo000001abcd1234efgh',
    CAL_COM_SECRET_KEY_FILE: 'secrets/client-secret',
    GATEWAY_KEYS_FILE: 'secrets/keys',
  }
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(join(folder, 'gateway.env'), lines.join(''))
  for (const name of ['bin', 'src', 'openapi', 'node_modules', 'package.json'])
    symlinkSync(join(root, name), join(folder, name))
  return { folder, key }
}

/** A gateway is started as `make start` does it, and waited for; so are the first figures of Prometheus. */
function toScript(command: string, key: string): string {
  if (command.startsWith('promtool'))
    return `until ${command} 2>/dev/null | grep -q 2; do sleep 0.2; done\n${command}`
  if (!command.endsWith('make start &')) return command.replace('KEY=calgate_…', `KEY=${key}`)
  const control = /CONTROL_PORT=(\d+)/.exec(command)?.[1]
  const start = command.replace('make start &', 'node bin/calgate.js start >>gateway.log 2>&1 &')
  return `${start}\nuntil curl -sf http://127.0.0.1:${control}/health/ready >/dev/null; do sleep 0.1; done`
}

it('docs/replicas.md shows what its commands print', async () => {
  const free = await findFreePorts(ports.length)
  await using upstream = await startUpstream()
  await using receiver = await startTelemetryReceiver(Number(free[ports.indexOf('4318')]))
  const { folder, key } = prepare(upstream.url)
  const localize = (text: string) =>
    text.replaceAll(/\b\d{4}\b/g, (port) => String(free[ports.indexOf(port)] ?? port))
  const script = commands.map(({ command }) => `echo '==='\n${toScript(localize(command), key)}\n`).join('')
  // The page stops all of them, unless one of its commands fails.
  const stop = `{ kill $(jobs -p) $(cat secrets/nginx.pid); redis-cli -p ${free[0]} shutdown; } 2>/dev/null || true`
  const child = spawn('bash', ['-c', `set -e\ntrap '${stop}' EXIT\n${script}`], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOME: folder, LOG_LEVEL: 'warn', DRIFT_SAMPLE: 'off' },
  })
  const ended = once(child, 'close')
  const output = Buffer.concat(await child.stdout.toArray()).toString('utf8')
  const [code] = await ended
  const log = readFileSync(join(folder, 'gateway.log'), 'utf8')
  rmSync(folder, { recursive: true, force: true })
  const printed = output.split('===\n').slice(1)
  expect({ code, log, printed: printed.map((text) => text.trimEnd()) }).toEqual({
    code: 0,
    log: '',
    printed: commands.map((one) => one.output.join('\n')),
  })
  expect(upstream.requests).toHaveLength(1)
  // Each gateway sends what is left when it ends.
  await expect.poll(() => receiver.hits, { timeout: 30_000 }).toBeGreaterThanOrEqual(2)
})
