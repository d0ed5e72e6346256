import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configureDemo } from '../../mocks/start.ts'
import { locateFile } from '../../src/cli/install.ts'
import { locateDescriptions, readServedDescriptions, type ServeOptions } from '../../src/cli/served.ts'
import { listApiVariables } from '../../src/config/api-variables.ts'
import { createKey } from '../../src/config/gateway-keys.ts'
import { variables } from '../../src/config/variables.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { mcpClients } from '../../src/mcp/client-configuration.ts'
import { describeApi } from '../description/loading.ts'
import { createCertificate } from '../support/certificate.ts'
import { startProxy } from '../support/tunnel-proxy.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'
import { createContext, runCommand, runCommandWith } from './run-command.ts'

/** An API with 600 users, which lets pages begin at 250 at most. */
const users = Array.from({ length: 600 }, (_, index) => ({
  id: index + 1,
  name: `"A", ${index}`,
  bio: index === 4 ? 'a\u2028b' : 'a\nb',
}))
let count = users.length
let upstream: UpstreamStub
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'calgate-tools-'))
  upstream = await startUpstream(({ url }, response) => {
    const { searchParams } = new URL(url, 'http://127.0.0.1')
    const [limit, offset] = [Number(searchParams.get('limit')), Number(searchParams.get('offset'))]
    if (offset > 250) respondJson(response, 400, { status: 'error' })
    else
      respondJson(response, 200, {
        status: 'success',
        data: users.slice(0, count).slice(offset, offset + limit),
      })
  })
})
afterAll(async () => {
  await upstream[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const run = (...args: string[]) => runCommandWith(configureDemo(upstream.url), ...args)

describe('calgate call', () => {
  it('writes what a tool returns as a table, or as JSON', async () => {
    const table = await runCommand('call', 'get-managed-user', 'userId=4711', '--mock')
    expect(table).toMatchObject({ code: 0, stderr: '' })
    expect(table.stdout).toMatch(/^id +4711$/m)
    const json = await runCommand('call', 'get-managed-user', 'userId=4711', '--mock', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 'success', data: { id: 4711 } })
  })

  it('tells why a call is refused, on standard error', async () => {
    const refused = await runCommand('call', 'get-managed-user', 'userId=x', '--mock')
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^userId: must be /) })
    const json = await runCommand('call', 'get-managed-user', 'userId=x', '--mock', '--json')
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'invalid_argument' } })
  })

  it('lists the tools, and names them where there is no such tool', async () => {
    const { stdout } = await runCommand('call', '--mock')
    expect(stdout.split('\n')).toContain('get-managed-user       userId [clientId]')
    const json = await runCommand('call', '--mock', '--json')
    expect(JSON.parse(json.stdout)).toContainEqual(
      expect.objectContaining({
        name: 'get-managed-user',
        inputSchema: expect.objectContaining({ type: 'object' }),
      }),
    )
    expect(await runCommand('call', 'none', '--mock')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no tool none; there are get-all-managed-users'),
    })
  })
})

describe('calgate users export', () => {
  it.each([
    ['csv', 'a note of mine\n'],
    ['csv', '{"id":1}\n'],
    ['jsonl', 'id,name,bio\n1,A,\n'],
    ['csv', 'a note of mine\nwith a second line'],
    ['jsonl', '{"id":1}\n{"id":\n'],
    ['jsonl', 'a note of mine'],
  ])('leaves a file alone that is no earlier output of %s', async (format, text) => {
    const file = join(folder, 'other')
    writeFileSync(file, text)
    count = 3
    const refused = await run('export', 'users', '--format', format, '--output', file)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('is no earlier output') })
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  it('writes the names of the columns once', async () => {
    const file = join(folder, 'columns.csv')
    writeFileSync(file, 'id,name,bio\n')
    count = 1
    await run('export', 'users', '--output', file)
    expect(readFileSync(file, 'utf8')).toBe('id,name,bio\n1,"""A"", 0","a\nb"\n')
  })

  it('says in a sentence why nothing is read', async () => {
    const { code, stderr } = await runCommand('export', 'users')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^0 read; clientId: is required /)])
  })

  it('writes every item as CSV, once', async () => {
    count = 300
    const { code, stdout, stderr } = await run('users', 'export')
    expect([code, stderr]).toEqual([0, '250 read\n300 read\n'])
    expect(stdout.startsWith('id,name,bio\n1,"""A"", 0","a\nb"\n2,')).toBe(true)
    expect(stdout.match(/^\d+,"""A""/gm)).toHaveLength(300)
  })

  it.each(['csv', 'jsonl'])('goes on with a file of %s where it stopped', async (format) => {
    const output = join(folder, `users.${format}`)
    count = 300
    await run('export', 'users', '--format', format, '--output', output)
    const whole = readFileSync(output, 'utf8')
    const start = whole.indexOf(format === 'csv' ? '\n101,' : '\n{"id":101,') + 1
    // A run that was interrupted, by a full disk for one, ends within a record: here also behind a line end in quotes.
    for (const half of [
      '',
      whole.slice(start, start + 2),
      whole.slice(start).split('\n', 1)[0],
      '101,"a\n',
    ]) {
      writeFileSync(output, whole.slice(0, start) + half)
      if (format === 'jsonl' && half?.endsWith('\n')) continue
      const { code, stderr } = await run('export', 'users', '--format', format, '--output', output)
      expect([code, stderr]).toEqual([0, '300 read\n'])
      expect(readFileSync(output, 'utf8')).toBe(whole)
    }
  })

  it('goes on behind a line separator (U+2028), which ends no line of JSON Lines', async () => {
    const output = join(folder, 'separated.jsonl')
    count = 2
    const first = '{"id":1,"bio":"a\u2028b"}\n'
    writeFileSync(output, first)
    const { code } = await run('export', 'users', '--format', 'jsonl', '--output', output)
    expect([code, readFileSync(output, 'utf8')]).toEqual([0, `${first}${JSON.stringify(users[1])}\n`])
  })

  it('has a column for each member of the first items, and loses none of later ones', async () => {
    count = 300
    const [first, late] = [users[0], users[299]]
    Object.assign(users, { 0: { id: 1 }, 299: { ...late, locale: 'en' } })
    expect((await run('users', 'export')).stdout).toMatch(/^id,name,bio\n1,,\n2,"""A"", 1","a\nb"\n/)
    const output = join(folder, 'late.csv')
    for (const _ of ['at first', 'again']) {
      const { code, stderr } = await run('users', 'export', '--output', output)
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('250 read; an item has the member "locale"'),
      ])
    }
    expect(readFileSync(output, 'utf8').match(/^\d+,/gm)).toHaveLength(250)
    Object.assign(users, { 0: first, 299: late })
  })

  it('says plainly when the API lets not all be read', async () => {
    count = 600
    const { code, stdout, stderr } = await run('users', 'export', '--format', 'jsonl')
    expect(stdout.trim().split('\n')).toHaveLength(500)
    expect([code, stderr.split('\n').at(-2)]).toEqual([
      1,
      'incomplete: the API lets no more than 500 be read, and there may be more',
    ])
  })
})

/** Variables that a gateway over stdio has no use for. */
const httpOnly = [
  ...['REST_PORT', 'MCP_PORT', 'CONTROL_PORT', 'CONTROL_HOST', 'HOST', 'ALLOWED_HOSTS', 'ALLOWED_ORIGINS'],
  ...[
    'GATEWAY_KEYS_FILE',
    'OAUTH_ISSUER',
    'OAUTH_JWKS_URL',
    'OAUTH_AUDIENCE',
    'TLS_CERT_FILE',
    'TLS_KEY_FILE',
  ],
  ...[
    'BODY_LIMIT',
    'FILE_LIMIT',
    'RATE_LIMIT',
    'DRAIN_DELAY',
    'KEEP_ALIVE_TIMEOUT',
    'WRITE_TIMEOUT',
    'PAGES',
  ],
]

/** Variables that the gateway takes a base URL in, and nothing else. */
const urls = ['CAL_COM_BASE_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT']

describe('calgate install', () => {
  it('adds a gateway to what the file of a client has', async () => {
    const file = join(folder, 'mcp.json')
    writeFileSync(file, '{"servers":{"other":{"command":"x"}},"inputs":[]}')
    const url = ['--url', 'https://gateway.example.org/mcp', '--key', 'CALGATE_KEY']
    expect(await runCommand('install', 'vscode', '--file', file, ...url)).toMatchObject({ code: 0 })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      servers: {
        other: { command: 'x' },
        calgate: {
          type: 'http',
          url: 'https://gateway.example.org/mcp',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills it in
          headers: { Authorization: 'Bearer ${env:CALGATE_KEY}' },
        },
      },
      inputs: [],
    })
  })

  it.each(['claude-code', 'claude-desktop', 'vscode', 'cursor', 'gemini'])(
    'writes no secret into the configuration of %s',
    async (client) => {
      const variables = { ...configureDemo('http://127.0.0.1:1'), CAL_COM_SECRET_KEY: 'planted-secret' }
      const { code, stdout, stderr } = await runCommandWith(variables, 'install', client, '--print')
      expect(stdout + stderr).not.toContain('planted-secret')
      // Claude Desktop reads no variables.
      expect([code, /CAL_COM_SECRET_KEY/.test(stdout + stderr)]).toEqual([
        client === 'claude-desktop' ? 2 : 0,
        true,
      ])
    },
  )

  it.each([{ args: [] }, { args: ['--mock'] }])(
    'carries over what MCP over stdio reads, and nothing of HTTP, with $args',
    async ({ args }) => {
      const api = listApiVariables(readApi(readDocument()))
      const set = Object.keys({ ...api, ...variables }).map(
        (name) => [name, urls.includes(name) ? 'https://api.example.org' : name.toLowerCase()] as const,
      )
      const context = Object.fromEntries(set)
      const { stdout } = await runCommandWith(context, 'install', 'cursor', '--print', ...args)
      const { env } = JSON.parse(stdout).mcpServers.calgate
      const secrets = Object.keys(context).filter((name) => `${name}_FILE` in context)
      const expected = set
        .filter(([name]) => !httpOnly.includes(name) && (args.length === 0 || !(name in api)))
        .map(([name, value]) => {
          if (name.endsWith('_FILE')) return [name, resolve(value)]
          return [name, secrets.includes(name) ? `\${env:${name}}` : value]
        })
      expect(env).toEqual(Object.fromEntries(expected))
      expect(httpOnly.filter((name) => !(name in variables))).toEqual([])
    },
  )

  it('writes no password of a proxy, and leaves empty variables out', async () => {
    const proxies = {
      // A spelling that is no URL, too.
      HTTPS_PROXY: 'ada:planted@proxy.example.org',
      HTTP_PROXY: 'http://proxy.example.org',
    }
    const set = { ...proxies, NO_PROXY: ' ' }
    const { stdout } = await runCommandWith(set, 'install', 'claude-code', '--mock', '--print')
    expect(JSON.parse(stdout).mcpServers.calgate.env).toEqual({
      ...proxies,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills it in
      HTTPS_PROXY: '${HTTPS_PROXY}',
    })
    const desktop = await runCommandWith(set, 'install', 'claude-desktop', '--mock', '--print')
    expect(desktop).toEqual({
      code: 2,
      stdout: '',
      stderr: 'Claude Desktop reads no variables; unset HTTPS_PROXY, which has a password',
    })
  })

  it('writes no query of a proxy', async () => {
    const set = { HTTPS_PROXY: 'http://proxy.example.org/?key=planted' }
    const { stdout } = await runCommandWith(set, 'install', 'cursor', '--mock', '--print')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills it in
    expect(JSON.parse(stdout).mcpServers.calgate.env).toEqual({ HTTPS_PROXY: '${env:HTTPS_PROXY}' })
    expect(await runCommandWith(set, 'install', 'claude-desktop', '--mock', '--print')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'Claude Desktop reads no variables; unset HTTPS_PROXY, which has a query',
    })
  })

  it.each(
    urls.flatMap((variable) =>
      ['https://ada:planted@api.example.org', 'https://api.example.org/?key=planted', 'planted'].map(
        (value) => ({ variable, value }),
      ),
    ),
  )('refuses the value $value of $variable, as the gateway would', async ({ variable, value }) => {
    const refused = await runCommandWith({ [variable]: value }, 'install', 'cursor', '--print')
    expect(refused).toEqual({
      code: 2,
      stdout: '',
      stderr: `${variable} must be an http or https URL without user, query and fragment`,
    })
  })

  it('tells Claude Desktop of plain http', async () => {
    const list = async (url: string) => {
      const { stdout } = await runCommand('install', 'claude-desktop', '--print', '--url', url)
      return JSON.parse(stdout).mcpServers.calgate
    }
    const run = (...args: string[]) => ({ command: 'npx', args: ['-y', 'mcp-remote', ...args] })
    const local = 'http://localhost:9090/mcp'
    expect(await list(local)).toEqual(run(local))
    const selected = 'https://gateway.example.org/mcp?tag=Customers&read-only'
    expect(await list(selected)).toEqual(run(selected))
    const plain = 'http://gateway.example.org/mcp'
    expect(await list(plain)).toEqual(run(plain, '--allow-http'))
  })

  it.each([
    ['darwin', '/homes/ada/Library/Application Support/Claude/claude_desktop_config.json', '/homes/ada'],
    ['win32', 'C:\\Users\\ada/AppData/Roaming/Claude/claude_desktop_config.json', 'C:\\Users\\ada'],
    ['linux', '/homes/ada/.config/Claude/claude_desktop_config.json', '/homes/ada'],
  ])('finds the file of Claude Desktop on %s', (platform, file, home) => {
    const [desktop] = mcpClients.filter(({ id }) => id === 'claude-desktop')
    expect(desktop && locateFile(desktop, platform, home)).toBe(file)
  })

  it('leaves a file as it was when it cannot be written whole', () => {
    const own = join(folder, 'full')
    mkdirSync(own)
    const file = join(own, 'mcp.json')
    const text = JSON.stringify({ mcpServers: { other: { command: 'x'.repeat(4_000) } } })
    writeFileSync(file, text)
    const install = `ulimit -f 2; exec "$0" bin/calgate.js install cursor --mock --file "$1"`
    const { status, stderr } = spawnSync('bash', ['-c', install, process.execPath, file])
    expect([status, String(stderr)]).toEqual([2, expect.stringContaining('cannot be written (EFBIG)')])
    expect([readFileSync(file, 'utf8'), readdirSync(own)]).toEqual([text, ['mcp.json']])
  })

  it('leaves the link to a file, and its mode, as they were', async () => {
    const file = join(folder, 'linked.json')
    const link = join(folder, 'link.json')
    writeFileSync(file, '{}', { mode: 0o600 })
    symlinkSync(file, link)
    expect(await runCommand('install', 'cursor', '--mock', '--file', link)).toMatchObject({ code: 0 })
    expect([lstatSync(link).isSymbolicLink(), statSync(file).mode & 0o777]).toEqual([true, 0o600])
    expect(readFileSync(file, 'utf8')).toContain('calgate')
  })

  it('lets nobody else read a file while it is written', () => {
    const file = join(folder, 'private.json')
    writeFileSync(file, '{}', { mode: 0o600 })
    const tell = `data:text/javascript,${encodeURIComponent(`
      import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      const { chmodSync } = fs
      fs.chmodSync = (draft, mode) => {
        console.log((fs.statSync(draft).mode & 0o777).toString(8))
        chmodSync(draft, mode)
      }
      syncBuiltinESMExports()
    `)}`
    const install = ['bin/calgate.js', 'install', 'cursor', '--mock', '--file', file]
    const { stdout } = spawnSync(process.execPath, ['--import', tell, ...install], { encoding: 'utf8' })
    expect(stdout.split('\n')[0]).toBe('600')
  })

  it('writes the file that a link names, also where there is none yet', async () => {
    const [file, link] = [join(folder, 'later.json'), join(folder, 'early.json')]
    symlinkSync(file, link)
    expect(await runCommand('install', 'cursor', '--mock', '--file', link)).toMatchObject({ code: 0 })
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain('calgate')
  })

  it('leaves long numbers of others as they are', async () => {
    const file = join(folder, 'numbers.json')
    writeFileSync(file, '{"mcpServers":{"other":{"id":12345678901234567890}}}')
    expect(await runCommand('install', 'cursor', '--mock', '--file', file)).toMatchObject({ code: 0 })
    expect(readFileSync(file, 'utf8')).toContain('"id": 12345678901234567890')
  })

  it('leaves a file alone that is not plain JSON', async () => {
    const file = join(folder, 'comments.json')
    writeFileSync(file, '// mine\n{}')
    expect(await runCommand('install', 'cursor', '--mock', '--file', file)).toMatchObject({ code: 2 })
    expect(readFileSync(file, 'utf8')).toBe('// mine\n{}')
  })
})

describe('calgate install, of other descriptions,', () => {
  beforeAll(() => {
    const security = { components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } }
    const shop = describeApi({ '/a': { get: {}, post: {} } }, { ...security, security: [{ token: [] }] })
    writeFileSync(join(folder, 'shop.json'), JSON.stringify(shop))
  })

  /** What a client would start, and what comes of it. */
  async function start(variables: Record<string, string>, ...args: string[]) {
    const printed = await runCommandWith(variables, 'install', 'claude-code', ...args, '--print')
    expect(printed).toMatchObject({ code: 0, stderr: '' })
    const { calgate } = JSON.parse(printed.stdout).mcpServers
    const [program, ...started] = calgate.args
    return { program, started, env: calgate.env, run: await runCommandWith(variables, ...started) }
  }

  it('starts what serve would, wherever the client does it', async () => {
    const file = join(folder, 'shop.json')
    const variables = { SHOP_TOKEN: 'planted-secret' }
    const options = ['--read-only', '--base-url', 'https://shop.example.org']
    const { started, env, run } = await start(variables, relative('.', file), ...options)
    expect(started).toEqual([
      'serve',
      '--stdio',
      file,
      '--base-url',
      'https://shop.example.org',
      '--read-only',
    ])
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills it in
    expect(env).toEqual({ SHOP_TOKEN: '${SHOP_TOKEN}' })
    expect(run.code).toBe(0)
  })

  it('leaves out the address of the API where a mock stands in for it', async () => {
    const file = join(folder, 'shop.json')
    const { started } = await start({}, file, '--mock', '--base-url', 'https://ada:planted@shop.example.org')
    expect(started).toEqual(['serve', '--stdio', '--mock', file])
  })

  it('names the settings file, and the variables that it reads', async () => {
    const config = join(folder, 'shop.yaml')
    const shop = '{ file: shop.json, baseUrl: "https://shop.example.org", credentials: { token: env:SHOP } }'
    writeFileSync(config, `descriptions: [${shop}]`)
    const { started, env, run } = await start({ SHOP: 'planted-secret' }, '--config', relative('.', config))
    expect(started).toEqual(['serve', '--stdio', '--config', config])
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills it in
    expect(env).toEqual({ SHOP: '${SHOP}' })
    expect(run.code).toBe(0)
    const desktop = await runCommand('install', 'claude-desktop', '--print', '--config', config)
    expect([desktop.code, desktop.stderr]).toEqual([2, expect.stringContaining('give SHOP as a file')])
  })

  it.each([
    [['none.json'], 'none.json cannot be read'],
    [['--exclude', 'none'], '"none" selects no operation'],
    [['--url', 'https://gateway.example.org/mcp', 'shop.json'], 'cannot be used with --url'],
    [['--url', 'https://gateway.example.org/mcp', '--read-only'], '--read-only cannot be used with --url'],
    [['--url', 'https://gateway.example.org/mcp', '--config', 'a.yaml'], 'cannot be used with'],
    [['--mock', 'none.json'], 'none.json cannot be read'],
    [['--allow-ref', 'https://ada:planted@example.org/'], '--allow-ref has a user, a password or a query'],
  ])('refuses %j, before a client does', async (args, message) => {
    const { code, stdout, stderr } = await runCommand('install', 'cursor', '--print', ...args)
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)])
  })
})

describe('calgate install, mistyped,', () => {
  const install = (...args: string[]) => runCommand('install', 'claude-code', '--print', ...args)

  it.each([
    [['--url', 'nonsense'], '--url takes an http or https URL, not "nonsense"'],
    [['--url', 'ftp://example.org'], '--url takes an http or https URL'],
    [['--key', 'CALGATE_KEY'], '--key needs --url'],
  ])('refuses %j', async (args, message) => {
    expect(await install(...args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    })
  })

  it.each([
    ['https://ada:planted@gateway.example.org/mcp', 'takes no user'],
    ['https://planted@gateway.example.org/mcp', 'takes no user'],
    ['https://gateway.example.org/mcp#planted', 'takes no user'],
    ['https://gateway.example.org/mcp?key=planted', 'takes no query but'],
    ['https://gateway.example.org/mcp?tag=Customers&planted', 'takes no query but'],
    ['https://gateway.example.org/mcp?read-only=planted', 'takes no query but'],
    ['ada:planted@gateway.example.org/mcp', 'takes an http or https URL'],
    ['gateway.example.org/mcp?key=planted', 'takes an http or https URL'],
  ])('refuses the URL %s, without repeating what may be secret', async (url, message) => {
    const { code, stdout, stderr } = await install('--url', url)
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(`--url ${message}`)])
    expect(stderr).not.toContain('planted')
  })

  it('takes the URL with a selection of tools', async () => {
    const url = 'https://gateway.example.org/mcp?tag=Customers&exclude=Delete%20it&read-only'
    const { stdout } = await install('--url', url)
    expect(JSON.parse(stdout).mcpServers.calgate).toEqual({ type: 'http', url })
  })

  it('refuses a gateway key for Claude Desktop, which has no variable to read it from', async () => {
    const url = ['--url', 'https://gateway.example.org/mcp', '--key', 'CALGATE_KEY']
    const { code, stdout, stderr } = await runCommand('install', 'claude-desktop', '--print', ...url)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Claude Desktop reads no variables; leave --key out/)
  })

  it.each([`calgate_${'A'.repeat(43)}`, 'two words', 'planted-key'])(
    'refuses the key %s in place of its variable, without repeating it',
    async (key) => {
      const { code, stdout, stderr } = await install('--url', 'https://gateway.example.org/mcp', '--key', key)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toBe('--key takes the name of a variable, never the key itself')
    },
  )
})

it.each([
  ['install', 'claude-code', '--mock', '--file'],
  ['export', 'users', '--mock', '--output'],
])('%s names a file that cannot be written or read', async (...args) => {
  const refused = await runCommand(...args, folder)
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr).toMatch(/calgate-tools-\w+ cannot be (written|read) \(EISDIR\)$/)
})

describe('the address of an API', () => {
  const ports = { REST_PORT: '0', MCP_PORT: '0', CONTROL_PORT: '0' }
  const byVariable = { ...ports, HOME_BASE_URL: 'http://127.0.0.1:2' }
  /** Closed ports: 1 is that of an option, 2 that of a variable, 3 that of a file. */
  async function findAddress(variables: Record<string, string>, ...args: string[]) {
    const { stdout } = await runCommandWith(variables, 'doctor', ...args)
    return /upstream +http:\/\/127\.0\.0\.1:(\d)/.exec(stdout)?.[1]
  }
  let home: string
  let config: string
  beforeAll(() => {
    home = join(folder, 'home.json')
    config = join(folder, 'home.yaml')
    writeFileSync(home, JSON.stringify(describeApi({ '/a': { get: { operationId: 'getA' } } })))
    writeFileSync(config, 'descriptions: [{ file: home.json, baseUrl: "http://127.0.0.1:3" }]')
  })

  it('is that of an option before a variable, and of a variable before a file', async () => {
    const option = ['--base-url', 'http://127.0.0.1:1']
    expect(await findAddress(byVariable, home, ...option)).toBe('1')
    expect(await findAddress(byVariable, home, '--base-url', 'home=http://127.0.0.1:1')).toBe('1')
    expect(await findAddress(byVariable, '--config', config, ...option)).toBe('1')
    expect(await findAddress(byVariable, '--config', config)).toBe('2')
    expect(await findAddress(ports, '--config', config)).toBe('3')
  })

  it('is that of each description, whichever of them an option names', async () => {
    const both = join(folder, 'both.yaml')
    for (const name of ['one', 'two']) {
      const url = `https://{region}.${name}.example.org`
      const servers = [{ url, variables: { region: { default: 'test' } } }]
      writeFileSync(
        join(folder, `${name}.json`),
        JSON.stringify({ ...describeApi({ [`/${name}`]: { get: {} } }), servers }),
      )
    }
    const list = ['one', 'two'].map(
      (name) => `{ file: ${name}.json, baseUrl: "https://${name}.test", prefix: /file }`,
    )
    writeFileSync(both, `descriptions: [${list.join(', ')}]\nserverVariables: { region: b }`)
    /** The address of each description, that of the first perhaps by a variable, and the path of each. */
    async function find(options: ServeOptions, variables = {}) {
      const { context } = createContext(variables)
      const { document, environment } = await readServedDescriptions(
        [],
        { config: both, ...options },
        context,
      )
      const { API_BASE_URL: first = document['x-base-url'] } = environment
      const [one, two] = ['/one', '/two'].map((path) => asRecord(document.paths[path]?.get))
      return [first, two?.['x-base-url'], one?.['x-rest-path'], two?.['x-rest-path']]
    }
    const paths = ['/file/one', '/file/two']
    const [one, two, all] = ['one=https://own.test', 'two=https://own.test', 'https://own.test']
    expect(await find({})).toEqual(['https://one.test', 'https://two.test', ...paths])
    expect(await find({ baseUrls: [one] })).toEqual(['https://own.test', 'https://two.test', ...paths])
    expect(await find({ baseUrls: [two] })).toEqual(['https://one.test', 'https://own.test', ...paths])
    expect(await find({ baseUrls: [all] })).toEqual(['https://own.test', undefined, ...paths])
    expect((await find({ prefixes: ['two=/own'] })).slice(2)).toEqual(['/file/one', '/own/two'])
    expect((await find({ prefixes: ['/own'] })).slice(2)).toEqual(['/own/one', '/own/two'])
    const { options } = await locateDescriptions([], { config: both, serverVariables: ['c=d'] })
    expect(options.serverVariables).toEqual(['region=b', 'c=d'])
    const variable = { API_BASE_URL: 'https://variable.test' }
    const findFirst = async (...baseUrls: string[]) => (await find({ baseUrls }, variable))[0]
    expect([await findFirst(), await findFirst(two), await findFirst('One=https://own.test', two)]).toEqual([
      'https://variable.test',
      'https://variable.test',
      'https://own.test',
    ])
  })

  it('is that of a mock before all of them', async () => {
    const call = await runCommandWith(byVariable, 'call', 'getA', '--mock', '--config', config)
    expect([call.code, call.stderr]).toEqual([0, ''])
  })
})

describe('calgate doctor', () => {
  it('finds nothing wrong with a gateway that can start', async () => {
    const ports = { REST_PORT: '0', MCP_PORT: '0', CONTROL_PORT: '0' }
    const { code, stdout } = await runCommandWith({ ...configureDemo(upstream.url), ...ports }, 'doctor')
    expect([code, stdout.match(/^wrong.*$/m)]).toEqual([0, null])
    expect(stdout.split('\n').slice(0, -1)).toHaveLength(7)
  })

  it('looks for the API behind the proxy that the gateway calls it through', async () => {
    const proxy = { HTTP_PROXY: upstream.url, ALLOW_INSECURE_UPSTREAM: 'true' }
    const { stdout } = await runCommandWith({ ...configureDemo('http://api.invalid'), ...proxy }, 'doctor')
    expect(stdout).toMatch(/^ok {5}upstream .*api.invalid is reachable$/m)
  })

  it('says that nobody is let in where the file of keys has none', async () => {
    const keys = join(folder, 'no-keys')
    writeFileSync(keys, '')
    const { code, stdout } = await runCommandWith(
      { ...configureDemo(upstream.url), GATEWAY_KEYS_FILE: keys },
      'doctor',
    )
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/^wrong {2}credentials +GATEWAY_KEYS_FILE has no key/m),
    ])
  })

  it('says that a key has a scope which nothing that is served has, as the start does', async () => {
    const keys = join(folder, 'scoped-keys')
    writeFileSync(keys, createKey('app', ['managed-users:write']).line)
    const environment = { ...configureDemo(upstream.url), GATEWAY_KEYS_FILE: keys }
    const served = await runCommandWith(environment, 'doctor', '--read-only')
    expect([served.code, served.stdout]).toEqual([
      1,
      expect.stringMatching(/^wrong .*the key app has the scope managed-users:write; there are /m),
    ])
    const file = join(folder, 'unscoped.json')
    writeFileSync(file, JSON.stringify(describeApi({ '/a': { get: {} } })))
    const own = await runCommandWith(environment, 'doctor', file, '--base-url', upstream.url)
    expect(own.stdout).toContain('no operation that is served has one, which an overlay gives it by x-scope')
  })

  it('takes what calgate.yaml refers to for no mistake', async () => {
    const file = join(folder, 'referring.json')
    const description = describeApi({ '/a': { get: { security: [{ token: [] }] } } })
    const components = { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }
    writeFileSync(file, JSON.stringify({ ...description, components }))
    const settings = join(folder, 'referring.yaml')
    writeFileSync(
      settings,
      `descriptions: [{ file: ${file}, baseUrl: ${upstream.url}, credentials: { token: env:REFERRING_TOKEN_PROD } }]`,
    )
    const environment = { REFERRING_TOKEN_PROD: 'demo-secret', REFERRING_TOKENS: 'demo-secret' }
    const { stdout } = await runCommandWith(environment, 'doctor', '--config', settings)
    expect(stdout).not.toContain('REFERRING_TOKEN_PROD is not')
    expect(stdout).toContain('REFERRING_TOKENS is not a variable of calgate')
  })

  it('looks for every API that is called', async () => {
    const names = ['first', 'second', 'third']
    const files = names.map((name) => join(folder, `${name}.json`))
    for (const [index, file] of files.entries())
      writeFileSync(file, JSON.stringify(describeApi({ [`/${index}`]: { get: {} } })))
    const urls = ['http://127.0.0.1:1', upstream.url, `${upstream.url}/v2`]
    const options = urls.flatMap((url, index) => ['--base-url', `${names[index]}=${url}`])
    const { stdout } = await runCommand('doctor', ...files, ...options)
    expect(stdout.match(/^\w+ +upstream .*able/gm)?.toSorted()).toEqual([
      expect.stringMatching(/^ok .*127\.0\.0\.1:\d+.* is reachable$/),
      'wrong  upstream       http://127.0.0.1:1 is unreachable',
    ])
  })

  it('compares the clock as the gateway reaches the API: with its certificates, through the proxy', async () => {
    const certificate = createCertificate()
    const server = createSecureServer(certificate, (_request, response) =>
      response.writeHead(200, { date: new Date(Date.now() + 3_600_000).toUTCString() }).end(),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await using proxy = await startProxy()
    const address = `127.0.0.1:${Object(server.address()).port}`
    const file = join(folder, 'ca.pem')
    writeFileSync(file, certificate.cert)
    const network = { CAL_COM_CA_FILE: file, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` }
    const { stdout } = await runCommandWith({ ...configureDemo(`https://${address}`), ...network }, 'doctor')
    server.closeAllConnections()
    server.close()
    expect(stdout).toMatch(/^wrong {2}clock +is 3(599|600|601) s from the API's; synchronize it/m)
    expect(proxy.tunnels).toEqual([[address, undefined]])
  })

  it('says what mends each line that is wrong', async () => {
    const taken = { REST_PORT: new URL(upstream.url).port, MCP_PORT: '0', CONTROL_PORT: '0', REST_PROT: '1' }
    const variables = { ...configureDemo('http://127.0.0.1:1'), ...taken }
    const { code, stdout } = await runCommandWith(variables, 'doctor')
    expect(code).toBe(1)
    expect(stdout).toContain('did you mean REST_PORT?; correct or remove it')
    expect(stdout).toMatch(/^wrong {2}port .*EADDRINUSE\); set REST_PORT to another port$/m)
    expect(stdout).toMatch(/^wrong {2}upstream .* is unreachable; check the network/m)
    const state = { REDIS_URL: 'redis://:planted@127.0.0.1:1', STATE_KEY_FILE: join(folder, 'state-key') }
    writeFileSync(state.STATE_KEY_FILE, 'a-secret-that-only-tests-have-0123456789')
    const replica = await runCommandWith({ ...configureDemo(upstream.url), ...state }, 'doctor')
    expect(replica.stdout).toMatch(/^wrong {2}shared state .*ECONNREFUSED\); check REDIS_URL/m)
    expect([replica.code, replica.stdout]).toEqual([1, expect.not.stringContaining('planted')])
    expect(await runCommandWith({ REST_PORT: 'x' }, 'doctor')).toMatchObject({ code: 1 })
    const bad = join(folder, 'bad.json')
    writeFileSync(bad, JSON.stringify({ openapi: '9' }))
    const unserved = await runCommand('doctor', bad)
    expect([unserved.code, unserved.stdout]).toEqual([
      1,
      'wrong  configuration  nothing is served until these problems are mended; run calgate check\n',
    ])
    const unread = await runCommand('doctor', 'none.json')
    expect(unread.stdout).toMatch(
      /^wrong {2}configuration {2}none\.json cannot be read .*; name a file that exists/,
    )
    const config = join(folder, 'mistaken.yaml')
    writeFileSync(config, 'rateLimt: 5')
    const { stdout: mistaken } = await runCommand('doctor', '--config', config)
    expect(mistaken).toMatch(/mistaken\.yaml:1: rateLimt is no setting; expected rateLimit\n$/)
  })
})

it('a call prints numbers as the API wrote them', async () => {
  await using api = await startUpstream((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"status":"success","data":{"id":9007199254740993}}'),
  )
  for (const option of [[], ['--json']]) {
    const call = ['call', 'get-managed-user', 'userId=7', ...option]
    const { stdout } = await runCommandWith(configureDemo(api.url), ...call)
    expect(stdout).toMatch(/\b9007199254740993\b/)
  }
})
