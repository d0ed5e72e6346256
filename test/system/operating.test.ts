import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { startPrism } from '../../mocks/prism.ts'
import { listFiles, root } from '../rules/tree.ts'
import { createCertificate } from '../support/certificate.ts'
import { type ConsoleCommand, readConsoleCommands } from '../support/console-blocks.ts'
import { findFreePorts } from '../support/processes.ts'

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')
const commands = readConsoleCommands(page)

/** Two installations of all production packages, on a machine that is busy with other tests. */
const timeLimit = 600_000

describe.each(['npm-10', 'npm-11'])('docs/operating.md with %s', (npm) => {
  it('shows what its commands print, block by block', { timeout: timeLimit }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'calgate-operating-'))
    try {
      for (const path of listFiles()) cpSync(join(root, path), join(folder, path))
      expect(await runPage(folder, npm)).toEqual(commands.map(({ command, output }) => [command, ...output]))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('the server that docs/operating.md shows for nginx', () => {
  it('is valid', async () => {
    const [port] = await findFreePorts(1)
    const folder = mkdtempSync(join(tmpdir(), 'calgate-nginx-'))
    const { cert, key } = createCertificate()
    writeFileSync(join(folder, 'cert.pem'), cert)
    writeFileSync(join(folder, 'key.pem'), key)
    const [, server = ''] = /^```nginx\n(.*?)^```/ms.exec(page) ?? []
    const tls = 'ssl_certificate cert.pem; ssl_certificate_key key.pem; access_log off;'
    const text = `pid nginx.pid; events {} http { ${tls}\n${server.replace('443', `127.0.0.1:${port}`)} }`
    writeFileSync(join(folder, 'nginx.conf'), text)
    const { status, stderr } = spawnSync('nginx', ['-t', '-e', 'stderr', '-p', folder, '-c', 'nginx.conf'], {
      encoding: 'utf8',
    })
    rmSync(folder, { recursive: true })
    expect([status, stderr]).toEqual([0, expect.stringContaining('test is successful')])
  })
})

/** Runs the page in a copy of the repository. Returns each command with what it printed, shortened as the page is. */
async function runPage(folder: string, npm: string): Promise<string[][]> {
  await using mock = await startPrism()
  const [rest = 0, mcp = 0, control = 0] = await findFreePorts(3)
  const output = join(folder, 'output')
  const addresses = [
    ['127.0.0.1:4010', new URL(mock.url).host],
    ['127.0.0.1:8080', `127.0.0.1:${rest}`],
    ['127.0.0.1:9091', `127.0.0.1:${control}`],
  ]
  const localize = (command: string) =>
    addresses.reduce((text, [from = '', to = '']) => text.replaceAll(from, to), command)
  const script = commands.map(
    ({ command }, index) => `echo; echo "=== ${index}"; ${toScript(localize(command), output, control)}\n`,
  )
  const child = spawn('bash', ['-c', `set -e\ntrap 'kill -- -$$' EXIT\n${script.join('')}`], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', openSync(output, 'a'), openSync(output, 'a')],
    env: {
      ...readEnvironment(folder, npm),
      REST_PORT: `${rest}`,
      MCP_PORT: `${mcp}`,
      CONTROL_PORT: `${control}`,
    },
  })
  await once(child, 'exit')
  return readOutput(readFileSync(output, 'utf8'))
}

/** A command that keeps running goes to the background; the key of the page stands for the one that was printed. */
function toScript(command: string, output: string, controlPort: number): string {
  const ready = `http://127.0.0.1:${controlPort}/health/ready`
  if (command.endsWith('make start'))
    return `(${command}) >gateway.log 2>&1 &\nuntil curl -sf ${ready} >ready; do sleep 0.1; done`
  if (command === 'export KEY=calgate_…') return `export KEY=$(grep -om1 'calgate_[A-Za-z0-9_-]*$' ${output})`
  return command
}

/** The environment of a person's shell: nothing of the npm or make that runs this test. */
function readEnvironment(folder: string, npm: string): NodeJS.ProcessEnv {
  const program = fileURLToPath(new URL(`node_modules/${npm}/bin/npm-cli.js`, import.meta.url))
  const programs = join(folder, 'programs')
  mkdirSync(programs)
  writeFileSync(join(programs, 'npm'), `#!/bin/sh\nexec node '${program}' "$@"\n`, { mode: 0o755 })
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|MAKE|VITEST|NODE_)/i.test(name))
  const path = `${programs}:${process.env.PATH}`
  // Development packages are left out, as an operator may do, and because they take a minute.
  const install = { npm_config_omit: 'dev', npm_config_prefer_offline: 'true' }
  return { ...Object.fromEntries(own), ...install, PATH: path, LOG_LEVEL: 'warn' }
}

function readOutput(text: string): string[][] {
  return text
    .split(/^=== (?=\d+$)/m)
    .slice(1)
    .map((part) => {
      const [index = '', ...lines] = part.trimEnd().split('\n')
      const { command, output }: ConsoleCommand = commands[Number(index)] ?? { command: '', output: [] }
      // A page shows nothing of an installation.
      const printed = lines.filter((line) => !/^$|^(Installing|added \d+ packages)/.test(line))
      return [command, ...printed.map((line, at) => (matches(line, output[at]) ? (output[at] ?? '') : line))]
    })
}

/** True for a line that the page shows, in which … stands for anything. */
function matches(line: string, shown = ''): boolean {
  const [before = '', after = ''] = shown.split('…')
  return line === shown || (shown.includes('…') && line.startsWith(before) && line.endsWith(after))
}
