import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
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

  // The registry's schema of 2025-12-11, without its prose.
  const schema = read('test/support/server-json.schema.json')
  const validate = formats.default(new Ajv({ allErrors: true, strictTypes: false })).compile(schema)

  it('keeps to the schema of the registry', () => {
    expect([validate(server), validate.errors]).toEqual([true, null])
    expect(server.$schema).toBe(schema.$id)
  })

  it.each([
    ['a long description', { ...server, description: 'x'.repeat(101) }],
    ['a name without an owner', { ...server, name: 'calgate' }],
    [
      'a package without a transport',
      { ...server, packages: [{ ...server.packages[0], transport: undefined }] },
    ],
    [
      'an argument of no kind',
      { ...server, packages: [{ ...server.packages[0], packageArguments: [{ value: 'a' }] }] },
    ],
  ])('would be refused with %s', (_, other) => {
    expect(validate(JSON.parse(JSON.stringify(other)))).toBe(false)
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
