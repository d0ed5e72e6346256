import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { awaitResponse } from '../../scripts/ports.ts'
import { clients } from '../support/mcp-clients.ts'
import { startUpstream } from '../support/upstream-stub.ts'
import {
  nodes,
  npm,
  oldNode,
  type PackedPackage,
  packAndInstall,
  runTool,
  startProgram,
  userEnvironment,
} from './packed.ts'

/** Packing, installing and a cold start take a while on a busy machine. */
const timeLimit = 600_000
const user = '/v1/v2/oauth-clients/cm9demo000001abcd1234efgh/users/4711'
const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const project = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

let packed: PackedPackage
beforeAll(async () => {
  packed = await packAndInstall()
}, timeLimit)
afterAll(() => packed[Symbol.dispose]())

describe('the package', () => {
  it('has what it needs to run, and nothing else', () => {
    const names = execFileSync('tar', ['-tf', packed.tarball], { encoding: 'utf8' }).trim().split('\n')
    const own = /^package\/(dist\/(src|mocks)\/[\w/-]+\.(js|js\.map|d\.ts)|docs\/[\w-]+\.md)$/
    expect(names.filter((name) => !own.test(name)).sort()).toEqual(
      [
        ...['LICENSE', 'README.md', 'bin/calgate.js', 'bin/check-node.js', 'bin/healthy.js'],
        ...['dist/calgate.schema.json', 'dist/openapi/openapi.json', 'package.json'],
      ]
        .map((name) => `package/${name}`)
        .sort(),
    )
    expect(names).toContain('package/dist/src/index.d.ts')
    expect(names).toContain('package/dist/src/main.js.map')
    expect(names).toContain('package/docs/configuration.md')
  })

  it('is at most 2 MB, and brings at most 85 packages', async () => {
    expect(statSync(packed.tarball).size).toBeLessThan(2 * 1024 * 1024)
    const paths = await npm(packed.folder, 'ls', '--all', '--parseable')
    const names = paths.trim().split('\n').slice(1)
    expect(new Set(names).size).toBeLessThanOrEqual(85)
    expect(names.filter((name) => /node-(bin|linux)|\/typescript$|vitest|playwright/.test(name))).toEqual([])
  })

  it('passes publint and attw', { timeout: timeLimit }, async () => {
    await runTool('publint/src/cli.js', packed.tarball, '--strict')
    await runTool('@arethetypeswrong/cli/dist/index.js', packed.tarball, '--profile', 'esm-only')
  })
})

describe('npx in an empty folder', () => {
  /** Runs npx of a Node on the packed file, as a user does who has no other. */
  function runNpx(node: string, ...args: string[]) {
    const folder = mkdtempSync(join(tmpdir(), 'calgate-empty-'))
    cpSync(packed.tarball, join(folder, 'calgate.tgz'))
    const npx = project('test/system/node_modules/npm-11/bin/npx-cli.js')
    const command = [npx, '--yes', '--prefer-offline', './calgate.tgz', ...args]
    const env = { ...userEnvironment(), PATH: `${dirname(node)}:${process.env.PATH}` }
    const { status, stdout, stderr } = spawnSync(node, command, { cwd: folder, env, encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    return { status, stdout, stderr }
  }

  it('says in one sentence that Node is too old', { timeout: timeLimit }, () => {
    expect(runNpx(oldNode, 'serve', '--mock')).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^calgate needs Node 22\.12\.0 or later, and this is 20\.\d+\.\d+\.\n$/),
    })
  })

  it.each(nodes)('runs on Node %s', { timeout: timeLimit }, (_version, node) => {
    const run = runNpx(node, '--version')
    expect(run).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' })
  })

  it('answers on both ports within 20 seconds, with a warm cache', {
    timeout: timeLimit,
    retry: 2,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'calgate-empty-'))
    cpSync(packed.tarball, join(folder, 'calgate.tgz'))
    const npx = [process.execPath, project('test/system/node_modules/npm-11/bin/npx-cli.js')]
    const command = [...npx, '--yes', '--prefer-offline', './calgate.tgz']
    await using warming = await startProgram(folder, [...command, '--version'])
    await warming.awaitOutput(/^\d+\.\d+\.\d+\n/)
    const start = performance.now()
    await using running = await startProgram(folder, [...command, 'serve', '--mock'])
    const origins = [running.ports.rest, running.ports.mcp].map((port) => `http://127.0.0.1:${port}`)
    await Promise.all(origins.map((url) => awaitResponse(url, AbortSignal.timeout(120_000))))
    expect(performance.now() - start).toBeLessThan(20_000)
    expect((await fetch(`${origins[0]}${user}`)).status).toBe(200)
    rmSync(folder, { recursive: true, force: true })
  })
})

describe.each(nodes)('on Node %s', (_version, node) => {
  const calgate = () => join(packed.folder, 'node_modules/calgate/bin/calgate.js')

  it('serves the API that it ships with, by its mock', { timeout: timeLimit }, async () => {
    await using running = await startProgram(packed.folder, [node, calgate(), 'serve', '--mock'])
    await running.awaitOutput(new RegExp(`127.0.0.1:${running.ports.control}`))
    const response = await fetch(`http://127.0.0.1:${running.ports.rest}${user}`)
    expect(await response.json()).toMatchObject({ data: { id: 4711 } })
  })

  it('runs the commands that need no other package', { timeout: timeLimit }, () => {
    const run = (...args: string[]) =>
      execFileSync(node, [calgate(), ...args], { encoding: 'utf8', env: userEnvironment() })
    const document = join(packed.folder, 'node_modules/calgate/dist/openapi/openapi.json')
    expect(run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(run('check', document, '--base-url', 'https://api.example.org')).toContain(
      '7 operations are served',
    )
    expect(run('completion', 'bash')).toContain('complete -o default')
  })

  it('runs the example of the library', { timeout: timeLimit }, async () => {
    await using upstream = await startUpstream()
    cpSync(join(examples, 'library/main.mjs'), join(packed.folder, 'library.mjs'))
    await using running = await startProgram(packed.folder, [node, 'library.mjs', upstream.url])
    const [url] = await running.awaitOutput(/http:\/\/127\.0\.0\.1:\d+/)
    expect((await fetch(`${url}/orders/0x1`)).status).toBe(400)
    expect((await fetch(`${url}/orders/1`)).status).toBe(200)
    expect(upstream.requests).toMatchObject([
      { url: '/orders/1', headers: { authorization: 'Bearer kept-in-your-vault' } },
    ])
  })

  it('runs the example of the Fastify plugin', { timeout: timeLimit }, async () => {
    await using upstream = await startUpstream()
    cpSync(join(examples, 'fastify/main.mjs'), join(packed.folder, 'fastify.mjs'))
    await using running = await startProgram(packed.folder, [node, 'fastify.mjs', upstream.url])
    const [url] = await running.awaitOutput(/http:\/\/127\.0\.0\.1:\d+/)
    const get = (path: string, token: string, method = 'GET') =>
      fetch(`${url}${path}`, { method, headers: { 'x-app-token': token } })
    expect((await get(`/bookings${user}`, 'nobody')).status).toBe(401)
    expect((await get(`/bookings${user}`, 'ada-token')).status).toBe(200)
    expect((await get(`/bookings${user}`, 'ada-token', 'DELETE')).status).toBe(403)
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('the configuration that `calgate install` writes', () => {
  const calgate = () => join(packed.folder, 'node_modules/calgate/bin/calgate.js')
  const install = (folder: string, ...args: string[]) => {
    const file = join(folder, '.mcp.json')
    const command = [calgate(), 'install', 'claude-code', '--file', file, ...args]
    execFileSync(process.execPath, command, { cwd: folder, env: userEnvironment() })
    return JSON.parse(readFileSync(file, 'utf8')).mcpServers.calgate
  }

  it.each(clients)(
    'connects $client, over stdio and over HTTP',
    { timeout: timeLimit },
    async ({ connect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'calgate-client-'))
      const call = { name: 'get-managed-user', arguments: { userId: 4711 } }
      const overStdio = await connect(install(folder, '--mock'))
      expect(await overStdio.callTool(call)).toMatchObject({ structuredContent: { data: { id: 4711 } } })
      await overStdio.close()
      await using running = await startProgram(folder, [process.execPath, calgate(), 'serve', '--mock'])
      await running.awaitOutput(new RegExp(`127.0.0.1:${running.ports.control}`))
      const overHttp = await connect(install(folder, '--url', `http://127.0.0.1:${running.ports.mcp}/mcp`))
      expect(await overHttp.callTool(call)).toMatchObject({ structuredContent: { data: { id: 4711 } } })
      await overHttp.close()
      rmSync(folder, { recursive: true, force: true })
    },
  )
})

describe('the bundle for Claude Desktop', () => {
  it('has the package with its production packages, and starts', { timeout: timeLimit }, async () => {
    const file = join(packed.folder, 'calgate.mcpb')
    execFileSync(process.execPath, [project('scripts/bundle.ts'), file], { env: userEnvironment() })
    const mcpb = project('node_modules/@anthropic-ai/mcpb/dist/cli/cli.js')
    const folder = join(packed.folder, 'bundle')
    execFileSync(process.execPath, [mcpb, 'unpack', file, folder], { env: userEnvironment() })
    const { server } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    const args = [...server.mcp_config.args, '--mock'].map((arg) => arg.replace(/\$\{__dirname\}/, folder))
    const client = await clients[0].connect({ command: process.execPath, args, env: {} })
    expect((await client.listTools()).tools.length).toBeGreaterThan(3)
    await client.close()
  })
})

describe('the example of the typed client', () => {
  it('compiles with the types that `calgate types` writes, and calls the gateway', {
    timeout: timeLimit,
  }, async () => {
    const folder = join(packed.folder, 'typed-client')
    mkdirSync(folder)
    cpSync(join(examples, 'typed-client/main.ts'), join(folder, 'main.ts'))
    // The repository brings the packages that this command needs.
    const types = execFileSync(process.execPath, [project('bin/calgate.js'), 'types'], { encoding: 'utf8' })
    writeFileSync(join(folder, 'calgate.d.ts'), types)
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--allowImportingTsExtensions',
      '--skipLibCheck',
    ]
    const typeRoots = ['--typeRoots', project('node_modules/@types'), '--types', 'node', '--target', 'es2024']
    execFileSync(project('node_modules/.bin/tsc'), [...options, ...typeRoots, 'main.ts'], { cwd: folder })
    const calgate = join(packed.folder, 'node_modules/calgate/bin/calgate.js')
    await using running = await startProgram(folder, [process.execPath, calgate, 'serve', '--mock'])
    await running.awaitOutput(new RegExp(`127.0.0.1:${running.ports.control}`))
    const printed = execFileSync(process.execPath, ['main.ts', `http://127.0.0.1:${running.ports.rest}`], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(printed).toMatch(/^Ada Example lives in Europe\//)
  })
})
