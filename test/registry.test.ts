import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { listVariables } from '../src/config/variables.ts'
import { readApi } from '../src/document/api.ts'
import { readDocument } from '../src/document/document.ts'

const root = new URL('../', import.meta.url)
const read = (path: string) => JSON.parse(readFileSync(new URL(path, root), 'utf8'))
const variables = Object.keys(listVariables(readApi(readDocument())))

describe('server.json', () => {
  const server = read('server.json')

  it('is about this package, in this version', () => {
    expect([server.name, server.version]).toEqual([manifest.mcpName, manifest.version])
    expect(server.packages).toMatchObject([{ identifier: manifest.name, version: manifest.version }])
  })

  // What the registry refuses: a long description, a name of another form, a version that is none.
  it('keeps to the rules of the registry', () => {
    expect(server.description.length).toBeLessThanOrEqual(100)
    expect(server.name).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/)
    expect(server.$schema).toMatch(
      /^https:\/\/static\.modelcontextprotocol\.io\/schemas\/\d{4}-\d\d-\d\d\/server\.schema\.json$/,
    )
  })

  it('names variables that there are, and marks the secret', () => {
    const [{ environmentVariables }] = server.packages
    expect(environmentVariables.filter(({ name }: { name: string }) => !variables.includes(name))).toEqual([])
    expect(environmentVariables).toContainEqual(
      expect.objectContaining({ name: 'CAL_COM_SECRET_KEY', isSecret: true }),
    )
  })
})

describe('manifest.json', () => {
  const bundle = read('manifest.json')

  it('keeps to the schema of bundles', () => {
    const program = fileURLToPath(new URL('node_modules/@anthropic-ai/mcpb/dist/cli/cli.js', root))
    const file = fileURLToPath(new URL('manifest.json', root))
    expect(execFileSync(process.execPath, [program, 'validate', file], { encoding: 'utf8' })).toContain(
      'passes',
    )
  })

  it('is about this version, with variables that there are, and keeps the secret out of sight', () => {
    expect(bundle.version).toBe(manifest.version)
    expect(bundle.compatibility.runtimes.node).toBe(manifest.engines.node)
    expect(Object.keys(bundle.server.mcp_config.env).filter((name) => !variables.includes(name))).toEqual([])
    expect(bundle.user_config.secret_key.sensitive).toBe(true)
  })
})
