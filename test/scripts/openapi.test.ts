import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { derive, deriveFiles } from '../../scripts/openapi.ts'

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
  expect(types === (await read('openapi/openapi.d.ts'))).toBe(true)
})

describe('the check', () => {
  let copy: string
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'calgate-checkout-'))
    await cp(at('openapi'), join(copy, 'openapi'), { recursive: true })
  })
  afterAll(() => rm(copy, { recursive: true }))

  /** Checks the copy with one text of one file replaced, and puts the file back. */
  async function checkWith(file: string, found: string, replacement: string) {
    const text = await readFile(join(copy, file), 'utf8')
    expect(text).toContain(found)
    await writeFile(join(copy, file), text.replace(found, replacement))
    try {
      return await check()
    } finally {
      await writeFile(join(copy, file), text)
    }
  }

  async function check() {
    const { lines, isCurrent } = await deriveFiles(pathToFileURL(`${copy}/`), true)
    return { isCurrent, errors: lines.filter((line) => !line.includes(' warning: ')) }
  }

  test('exits with 1 for what is stale', async () => {
    const script = join(copy, 'scripts', 'openapi.ts')
    await cp(at('scripts'), join(copy, 'scripts'), { recursive: true })
    await cp(at('src'), join(copy, 'src'), { recursive: true })
    await symlink(at('node_modules'), join(copy, 'node_modules'))
    await rm(join(copy, 'openapi', 'openapi.d.ts'))
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
    await cp(at('openapi/openapi.d.ts'), join(copy, 'openapi', 'openapi.d.ts'))
    expect([status, stderr]).toEqual([1, expect.stringContaining('openapi/openapi.d.ts is stale')])
  })

  test('is green for what is committed', async () => {
    expect(await check()).toEqual({ isCurrent: true, errors: [] })
  })

  test.each([
    [
      'openapi/capability.yaml',
      'description: Get all managed users',
      'description: Get them',
      ['openapi/openapi.json', 'openapi/openapi.d.ts'],
    ],
    [
      'openapi/overlay.yaml',
      'maximum: 250, default: 50',
      'maximum: 251, default: 50',
      ['openapi/openapi.json'],
    ],
    ['openapi/openapi.json', '"maximum": 250', '"maximum": 251', ['openapi/openapi.json']],
    ['openapi/openapi.d.ts', 'limit?: number', 'limit: number', ['openapi/openapi.d.ts']],
  ])('is red when %s says "%s" otherwise', async (file, found, replacement, stale) => {
    expect(await checkWith(file, found, replacement)).toEqual({
      isCurrent: false,
      errors: stale.map((one) => `${one} is stale: run make openapi and commit what it writes`),
    })
  })

  test('is red with the line of what is wrong in a source', async () => {
    const { isCurrent, errors } = await checkWith(
      'openapi/capability.yaml',
      'idempotent: true',
      'idempotent: often',
    )
    const line =
      (await read('openapi/capability.yaml'))
        .split('\n')
        .findIndex((one) => one.includes('idempotent: true')) + 1
    expect(isCurrent).toBe(false)
    expect(errors).toEqual([
      `openapi/capability.yaml:${line}: error: capability.exposes.1.tools.0.hints.idempotent is "often"; expected true or false`,
    ])
  })
})

test('an overlay target that matches nothing is a problem with its line, and nothing is derived', async () => {
  const found = "$.paths['/v2/oauth/{clientId}/refresh'].post.requestBody"
  const lines = (await read('openapi/overlay.yaml')).split('\n')
  const line = lines.findIndex((one) => one.includes(found)) + 1
  const { document, problems } = await deriveWith({ overlay: [found, found.replace('.post', '.put')] })
  expect(document).toBeUndefined()
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([
    {
      file: join(folder, 'overlay.yaml'),
      line,
      column: (lines[line - 1]?.indexOf('$') ?? 0) + 1,
      message: `the target ${found.replace('.post', '.put')} matches nothing`,
      expected: 'a target that exists in the document',
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
