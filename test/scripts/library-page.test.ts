import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { describeApi } from '../description/loading.ts'

const page = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8')
const [library = '', plugin = '', ...others] = [...page.matchAll(/^```js\n(.*?)^```/gms)].map(
  ([, text]) => text,
)
const resolve = (path: string) => new URL(`../../src/${path}`, import.meta.url).href

const folder = mkdtempSync(join(tmpdir(), 'calgate-library-'))
const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }]
const securitySchemes = { token: { type: 'http', scheme: 'bearer' } }
const security = [{ token: [] }]
writeFileSync(
  join(folder, 'shop.yaml'),
  JSON.stringify(
    describeApi({ '/orders/{id}': { get: { parameters } } }, { security, components: { securitySchemes } }),
  ),
)
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a program on any free port, with the sources in place of the package. Returns the last line that it prints. */
function run(...parts: string[]): string {
  const text = parts
    .join('\n')
    .replaceAll("'calgate'", `'${resolve('index.ts')}'`)
    .replaceAll("'calgate/fastify'", `'${resolve('library/fastify.ts')}'`)
    .replaceAll("'fastify'", `'${import.meta.resolve('fastify')}'`)
    .replaceAll(/port: \d+/g, 'port: 0')
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, SHOP_TOKEN: 'planted-token' },
  })
  expect(stderr).toBe('')
  return stdout.trim()
}

test('the page has the two programs that run here', () => {
  expect([library, plugin, others]).toEqual([
    expect.stringContaining('createGateway'),
    expect.any(String),
    [],
  ])
})

test('the program of docs/library.md serves both servers', () => {
  const call = `
    const { status } = await fetch(gateway.rest.listeningOrigin + '/orders/0x10')
    const page = await fetch(gateway.mcp.listeningOrigin, { headers: { accept: 'text/html' } })
    console.log(status, page.status)
    await gateway.close()`
  expect(run(library, call)).toBe('400 200')
})

test('the plugin of docs/library.md serves below its prefix, with the scopes that the app grants', () => {
  const app = `
    import Fastify from 'fastify'
    const app = Fastify()
    const [secretKey, clientId] = ['demo-secret', 'cm9demo']
    app.addHook('onRequest', async (request) => { request.user = { name: 'ada' } })`
  const calls = `
    const users = '/bookings/v1/v2/oauth-clients/cm9demo/users'
    const read = await app.inject(users + '?limit=0')
    const write = await app.inject({ method: 'DELETE', url: users + '/1' })
    console.log(read.statusCode, write.statusCode, (await app.inject('/bookings/openapi.json')).statusCode)
    await app.close()`
  expect(run(app, plugin, calls)).toBe('400 403 200')
})
