import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { listVariables } from '../../src/config/variables.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'
import { createCertificate } from '../support/certificate.ts'

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

function run(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
}

describe('docs/operating.md', () => {
  it('names only variables that exist', () => {
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

describe('the variables of docs/operating.md for TLS', () => {
  it('make a gateway that others reach over TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'calgate-operating-'))
    const { cert, key } = createCertificate()
    mkdirSync(join(folder, 'secrets'))
    writeFileSync(join(folder, 'secrets/fullchain.pem'), cert)
    writeFileSync(join(folder, 'secrets/privkey.pem'), key)
    const [, block = ''] = /^```sh\n(.*?)^```/ms.exec(page) ?? []
    const environment = parseEnv(block.replaceAll('=secrets/', `=${folder}/secrets/`))
    const { tls, host } = readConfig(environment, readApi(readDocument()))
    rmSync(folder, { recursive: true })
    expect([tls?.cert, host]).toEqual([cert, '0.0.0.0'])
  })
})

describe('calgate key', () => {
  it.each([
    [['key'], "missing required argument 'name'"],
    [['key', 'agent'], "missing required argument 'scope'"],
    [
      ['key', 'agent', 'managed-users:raed'],
      'there is no scope managed-users:raed; there are managed-users:read, managed-users:write',
    ],
    [['key', 'two words', 'managed-users:read'], 'a key has a name of letters'],
  ])('%j is refused in one line', (args, line) => {
    const { status, stdout, stderr } = run(...args)
    expect([status, stdout, stderr.split('\n').length]).toEqual([2, '', 2])
    expect(stderr).toContain(`calgate: ${line}`)
  })
})
