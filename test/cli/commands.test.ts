import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addDescriptionOptions, descriptionOptions, writeOptions } from '../../src/cli/description-options.ts'
import { createProgram } from '../../src/cli/program.ts'
import { describeApi } from '../description/loading.ts'
import { createContext, runCommand, runCommandWith } from './run-command.ts'

const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
const { commands } = await createProgram(createContext({}).context)
const common = Object.keys(descriptionOptions).map((flags) => /--([a-z-]+)/.exec(flags)?.[0])

describe('docs/commands.md', () => {
  it('lists every command with its summary, and no other', () => {
    const listed = [...page.matchAll(/^\| `calgate ([a-z-]+)` \| (.*) \|$/gm)]
      .map(([, name, summary]) => [name, summary])
      .filter(([, summary]) => !summary?.startsWith('`'))
    expect(listed).toEqual(commands.map((command) => [command.name(), command.summary()]))
  })

  it('lists the options of each command, and no other', () => {
    const listed = [...page.matchAll(/^\| `(--[a-z-]+)` \| ([a-z, ]+) \|/gm)].flatMap(
      ([, option, names = '']) => names.split(', ').map((name) => `${name} ${option}`),
    )
    const taken = commands.flatMap((command) =>
      command.options
        .map(({ long }) => long)
        .filter((long) => !common.includes(long ?? ''))
        .map((long) => `${command.name()} ${long}`),
    )
    expect(listed.sort()).toEqual(taken.sort())
  })

  it('lists the exit codes as the help does', async () => {
    const { stdout } = await runCommand('--help')
    const told = [...stdout.matchAll(/^ {2}([012]) {3}(.*)$/gm)].map(([, code, what]) => [code, what])
    const listed = [...page.matchAll(/^\| ([012]) \| (.*) \|$/gm)].map(([, code, what]) => [code, what])
    expect(told).toHaveLength(3)
    expect(listed).toEqual(told)
  })
})

describe.each(commands.map((command) => command.name()))('calgate %s', (name) => {
  it('has help with an example, on standard output', async () => {
    const help = await runCommand(name, '--help')
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^Usage: calgate /) })
    expect(help.stdout).toMatch(/^Examples:\n {2}\S/m)
    expect(await runCommand('help', name)).toEqual(help)
  })

  it('refuses an unknown option in one line', async () => {
    const { code, stdout, stderr } = await runCommand(name, '--unknown')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^calgate: unknown option '--unknown'\n$/)
  })

  it('is completed in both shells, with its options', async () => {
    const options = commands.find((command) => command.name() === name)?.options ?? []
    for (const shell of ['bash', 'zsh']) {
      const line = (await runCommand('completion', shell)).stdout
        .split('\n')
        .find((one) => new RegExp(`^ +${name}(\\|\\w+)?\\)`).test(one))
      for (const { long } of options) expect(line).toContain(` ${long}`.trimStart())
    }
  })
})

it('the options of descriptions are written as they were typed', () => {
  const typed = Object.keys(descriptionOptions).flatMap((flags) => {
    const [flag = '', kind] = flags.split(' ')
    return kind === undefined ? [flag] : [flag, '/a', flag, '/b']
  })
  const command = addDescriptionOptions(new Command()).parse(typed, { from: 'user' })
  expect(writeOptions(command.opts())).toEqual(typed)
  expect(command.opts()).toMatchObject({
    baseUrls: ['/a', '/b'],
    readOnly: true,
    allowReferences: ['/a', '/b'],
  })
})

it('a mistyped command is told with the nearest one', async () => {
  const { code, stderr } = await runCommand('serv')
  expect([code, stderr]).toEqual([2, "calgate: unknown command 'serv'\n(Did you mean serve?)\n"])
})

it('help of a mistyped command is told with the nearest one', async () => {
  expect(await runCommand('help', 'serv')).toEqual(await runCommand('serv'))
  expect(await runCommand('help', 'start')).toEqual(await runCommand('help', 'serve'))
})

it.each([
  [['install', 'foo'], 'there is no client foo; there are claude-code, '],
  [['install'], "missing required argument 'client'; there are claude-code, "],
  [['check'], "missing required argument 'file'\n"],
  [['install', 'cursor', '--print', '--file', 'a'], '--file cannot be used with --print'],
  [['call', 'get-managed-user', '--userId', '1'], "unknown option '--userId'; a tool takes userId=VALUE"],
  [['call', 'get-managed-user', '--userId=1'], "unknown option '--userId=1'; a tool takes userId=VALUE"],
  [['call', 'get-managed-user', '--josn'], "unknown option '--josn'\n(Did you mean --json?)"],
  [['mock', '--userId', '1'], "unknown option '--userId'\n"],
  [['completion', 'fish'], 'there is no shell fish; there are bash, zsh'],
  [['export', 'foo'], 'there is no list foo; there are users'],
  [['key', 'agent', 'foo'], 'there is no scope foo; there are managed-users:read, '],
  [['serve', '--tools', 'some'], '--tools is one of all, search'],
  [['export', 'users', '--format', 'xml'], '--format is one of csv, jsonl, table'],
  [['mock', '--port', 'x'], '--port must be an integer'],
  [['serve', '--workers', '2', '--mock'], '--workers cannot be used with --mock'],
  [['serve', '--workers', '2', '--stdio'], '--workers cannot be used with --stdio'],
  [['install', 'cursor', '--url', 'http://127.0.0.1', '--mock'], '--mock cannot be used with --url'],
])('%j is refused by what was typed', async (args, message) => {
  const { code, stdout, stderr } = await runCommand(...args)
  expect([code, stdout, stderr.replace('calgate: ', '').startsWith(message)]).toEqual([2, '', true])
})

it('a shell completes commands after help, and the values of options and arguments', async () => {
  for (const shell of ['bash', 'zsh']) {
    const { stdout } = await runCommand('completion', shell)
    expect(stdout).toMatch(/^ +help\) .*serve .*completion/m)
    expect(stdout).toMatch(/^ +--format\) .*csv jsonl table/m)
    expect(stdout).toMatch(/^ +export\) .*users /m)
  }
})

it('a key has the scopes of any description, named or in calgate.yaml, and no others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-key-'))
  const [file, config, plain] = [
    join(folder, 'shop.json'),
    join(folder, 'shop.yaml'),
    join(folder, 'plain.json'),
  ]
  const operation = { 'x-scope': 'orders:read' }
  const api = describeApi({ '/a': { get: operation }, '/b': { get: {} } })
  // An address that only the gateway needs.
  writeFileSync(file, JSON.stringify({ ...api, servers: undefined }))
  writeFileSync(plain, JSON.stringify(describeApi({ '/a': { get: {} } })))
  writeFileSync(config, 'descriptions: [{ file: shop.json }]')
  for (const source of [
    ['--file', file],
    ['--config', config],
  ]) {
    const made = await runCommand('key', 'agent', 'orders:read', ...source)
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^agent [0-9a-f]{64} orders:read\n$/),
    })
    expect(made.stderr).toMatch(/^The key of agent, which is told only now: calgate_[\w-]{43}\n$/)
    const refused = await runCommand('key', 'agent', 'managed-users:read', ...source)
    expect([refused.code, refused.stderr]).toEqual([
      2,
      'there is no scope managed-users:read; there are orders:read',
    ])
  }
  const { stderr } = await runCommand('key', 'agent', 'a', '--file', plain)
  expect(stderr).toBe('there is no scope a; no operation has one (x-scope)')
  rmSync(folder, { recursive: true })
})

it('a mock stands in for what a file holds, too, and nothing of it is unknown', async () => {
  const ports = { REST_PORT: '0', MCP_PORT: '0', CONTROL_PORT: '0' }
  const variables = { ...ports, LOG_LEVEL: 'warn', CAL_COM_SECRET_KEY_FILE: '/nonexistent' }
  expect(await runCommandWith(variables, 'serve', '--mock')).toEqual({ code: 0, stdout: '', stderr: '' })
})

it('the version stands alone', async () => {
  expect(await runCommand('--version')).toEqual({ code: 0, stdout: '0.0.0\n', stderr: '' })
})

it.each(['--prefix=/v1', '--base-url=https://api.example.org', '--overlay=mine.yaml'])(
  'refuses %s without a description, since nothing would come of it',
  async (option) => {
    const { code, stderr } = await runCommand('serve', option)
    const name = option.replace(/=.*$/, '')
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${name} needs a description`)])
  },
)
