import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { derive } from '../../scripts/openapi.ts'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string) => readFile(at(path), 'utf8')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calgate-derive-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Derives from the shipped sources with one text replaced in each. */
async function deriveWith(change: { capability?: [string, string]; overlay?: [string, string] }) {
  const write = async (name: 'capability' | 'overlay') => {
    const text = await read(`openapi/${name}.yaml`)
    const [found, replacement] = change[name] ?? ['', '']
    expect(text).toContain(found)
    const file = join(folder, `${name}.yaml`)
    await writeFile(file, text.replace(found, replacement))
    return file
  }
  return derive({ capability: await write('capability'), overlay: await write('overlay') })
}

test('the committed document and types are what the sources come to', async () => {
  const { document, types, problems } = await deriveWith({})
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(document === (await read('openapi/openapi.json'))).toBe(true)
  expect(types === (await read('src/generated/openapi.d.ts'))).toBe(true)
})

test('a changed capability makes the committed document stale', async () => {
  const { document } = await deriveWith({
    capability: ['description: Get all managed users', 'description: Get them'],
  })
  expect(document).toContain('"summary": "Get them"')
  expect(document === (await read('openapi/openapi.json'))).toBe(false)
})

test('a changed overlay makes the committed document stale', async () => {
  const { document } = await deriveWith({
    overlay: ['maximum: 250, default: 50', 'maximum: 251, default: 50'],
  })
  expect(document === (await read('openapi/openapi.json'))).toBe(false)
})

test('an overlay target that matches nothing is a problem with its line, and nothing is derived', async () => {
  const found = "$.paths['/v2/oauth/{clientId}/refresh'].post.requestBody"
  const line = (await read('openapi/overlay.yaml')).split('\n').findIndex((one) => one.includes(found)) + 1
  const { document, problems } = await deriveWith({ overlay: [found, found.replace('.post', '.put')] })
  expect(document).toBeUndefined()
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([
    {
      file: join(folder, 'overlay.yaml'),
      line,
      message: `the target ${found.replace('.post', '.put')} matches nothing`,
      expected: 'a target that exists in the derived document',
      severity: 'error',
    },
  ])
})

test('an overlay that is no YAML is a problem with its line', async () => {
  const { document, problems } = await deriveWith({ overlay: ['overlay: 1.0.0', 'overlay: [1.0.0'] })
  expect(document).toBeUndefined()
  expect(problems.at(-1)).toMatchObject({ file: join(folder, 'overlay.yaml'), expected: 'well-formed YAML' })
})

test('a capability with an error derives nothing', async () => {
  const { document, problems } = await deriveWith({
    capability: ['name: get-managed-user', 'name: get-all-managed-users'],
  })
  expect(document).toBeUndefined()
  expect(problems.map(({ message }) => message)).toContain('the tool "get-all-managed-users" stands twice')
})
