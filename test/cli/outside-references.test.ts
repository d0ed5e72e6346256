import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPrism } from '../../mocks/prism.ts'
import { loadFiles } from '../../src/description/files.ts'
import { runCommand } from './run-command.ts'

const outside = mkdtempSync(join(tmpdir(), 'calgate-'))
const folder = join(outside, 'api')
const fetched: string[] = []
const server = createServer((request, response) => {
  fetched.push(request.url ?? '')
  response.setHeader('content-type', 'application/json').end('{"value":{"taken":true}}')
})

/** Writes a document with a reference at each place where it is data, or stands in an example's place. */
function write(name: string, $ref: string, hasData = true): string {
  const file = join(folder, name)
  const data = { default: { $ref }, example: { $ref }, 'x-own': { $ref } }
  const schema = { type: 'object', ...(hasData && data) }
  const content = { 'application/json': { schema, examples: { one: { $ref } } } }
  const get = { operationId: 'get', 'x-own': { $ref }, responses: { 200: { description: 'One.', content } } }
  const servers = [{ url: 'https://api.example.org' }]
  const document = { openapi: '3.1.0', info: { title: 'A', version: '1' }, servers, paths: { '/a': { get } } }
  writeFileSync(file, JSON.stringify(document))
  return file
}

beforeAll(async () => {
  mkdirSync(folder)
  writeFileSync(join(outside, 'secret.json'), '{"value":{"taken":true}}')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.close()
  rmSync(outside, { recursive: true })
})

const origin = () => `http://127.0.0.1:${Object(server.address()).port}`

describe.each([
  ['an address', () => `${origin()}/value`],
  ['a file of another folder', () => join(outside, 'secret.json')],
])('a reference to %s, in an example or an extension,', (name, place) => {
  it('is followed by no command', async () => {
    const file = write(`${name}.json`, place())
    expect((await runCommand('types', file)).stdout).toContain('"/a"')
    const { document } = await loadFiles([file], { baseUrls: ['https://api.example.org'] })
    if (!document) throw new Error('nothing was loaded')
    await using mock = await startPrism({ document })
    const response = await fetch(`${mock.url}/a`)
    expect(response.status).toBe(200)
    expect(await response.text()).not.toContain('taken')
    const other = join(folder, 'other.json')
    writeFileSync(file, JSON.stringify(document))
    writeFileSync(other, JSON.stringify({ ...document, servers: [{ url: '/other' }] }))
    expect((await runCommand('diff', file, other)).stdout).toContain('BREAKING')
    expect(fetched).toEqual([])
  })
})

it('loads an example that stands in a file of the same folder', async () => {
  writeFileSync(join(folder, 'one.json'), '{"value":{"from":"file"}}')
  const { document } = await loadFiles([write('same.json', 'one.json', false)], {})
  if (!document) throw new Error('nothing was loaded')
  await using mock = await startPrism({ document })
  expect(await (await fetch(`${mock.url}/a`)).json()).toEqual({ from: 'file' })
})
