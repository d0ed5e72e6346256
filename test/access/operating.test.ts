import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPrism } from '../../mocks/prism.ts'
import { listVariables } from '../../src/config/variables.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** The commands of the page that make keys, without the shell's redirection. */
const makings = [...page.matchAll(/^\$ npm run --silent calgate -- (key .*) >> secrets\/keys$/gm)]
/** The variables of the file that the page writes first. */
const written = /cat > gateway\.env <<'END'\n([\s\S]*?)\nEND/.exec(page)?.[1] ?? ''
const environment = [...written.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => ({
  name,
  value,
}))
/** Each `curl` of the page, and the status it prints. */
const calls = [...page.matchAll(/^\$ curl (.*)\n(\d{3})$/gm)].map(([, words = '', status]) => ({
  method: /-X (\w+)/.exec(words)?.[1] ?? 'GET',
  path: new URL(/(http:\S+)$/.exec(words)?.[1] ?? '').pathname,
  keyed: words.includes('Bearer $KEY'),
  status: Number(status),
}))

function run(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
}

describe('the guide to a guarded gateway', () => {
  let folder: string
  let key = ''
  let mock: Awaited<ReturnType<typeof startPrism>>
  let running: RunningGateway
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'calgate-'))
    mkdirSync(join(folder, 'secrets'))
    writeFileSync(join(folder, 'secrets/client-secret'), 'demo-secret')
    const made = makings.map(([, words = '']) => run(...words.split(' ')))
    writeFileSync(join(folder, 'secrets/keys'), made.map(({ stdout }) => stdout).join(''))
    key = /: (calgate_\S+)\n$/.exec(made[0]?.stderr ?? '')?.[1] ?? ''
    mock = await startPrism()
    const files = environment.map(({ name, value }) => [
      name,
      name.endsWith('_FILE') ? join(folder, value) : value,
    ])
    running = await startGateway(mock.url, { ...Object.fromEntries(files), CAL_COM_BASE_URL: mock.url })
  })
  afterAll(async () => {
    await running[Symbol.asyncDispose]()
    await mock[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  it('makes two keys, writes four variables and shows three calls', () => {
    expect([makings.length, environment.length, calls.length]).toEqual([2, 4, 3])
  })

  it.each(calls)('$method with a key ($keyed) comes to $status', async ({ method, path, keyed, status }) => {
    const headers: Record<string, string> = keyed ? { authorization: `Bearer ${key}` } : {}
    expect((await fetch(running.restUrl + path, { method, headers })).status).toBe(status)
  })

  it('names only variables that there are', () => {
    const named = [
      ...page.matchAll(/\b((?:CAL_COM|MCP|OAUTH|GATEWAY|ALLOW|ALLOWED|CONFIRM|CONTROL)_[A-Z_]+)\b/g),
    ]
    const known = listVariables(readApi(readDocument()))
    expect(named.map(([, name]) => name).filter((name) => !Object.hasOwn(known, name ?? ''))).toEqual([])
  })

  it('lists the scopes of the document, and no other', () => {
    const listed = [...page.matchAll(/^\| `(managed-users:\w+)` \|/gm)].map(([, scope]) => scope)
    expect(new Set(listed)).toEqual(new Set(readOperations(readDocument()).map(({ scope }) => scope)))
  })
})

describe('calgate key', () => {
  it.each([
    [['key'], 'key takes a name and scopes; there are managed-users:read, managed-users:write'],
    [['key', 'agent'], 'key takes a name and scopes'],
    [['key', 'agent', 'managed-users:raed'], 'key takes a name and scopes'],
    [['key', 'two words', 'managed-users:read'], 'a key has a name of letters'],
  ])('%j is refused in one line', (args, line) => {
    const { status, stdout, stderr } = run(...args)
    expect([status, stdout, stderr.split('\n').length]).toEqual([1, '', 2])
    expect(stderr).toContain(`calgate: ${line}`)
  })
})
