import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { runCommand } from './run-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'calgate-selection-'))
afterAll(() => rmSync(folder, { recursive: true }))

const reads = ['get-all-managed-users', 'get-managed-user']
const writes = ['create-managed-user', 'update-managed-user', 'delete-managed-user']
const selections = [
  [['--read-only'], 'readOnly: true', reads],
  [
    ['--tag', 'deprecated: platform / managed users'],
    'tags: ["Deprecated: Platform / Managed Users"]',
    [...reads, ...writes],
  ],
  [['--operation', 'get-managed-user'], 'operations: [get-managed-user]', ['get-managed-user']],
  [
    ['--operation', 'GET /v2/oauth-clients/{clientId}/users'],
    'operations: ["GET /v2/oauth-clients/{clientId}/users"]',
    ['get-all-managed-users'],
  ],
  [
    ['--exclude', 'delete-managed-user', '--strict'],
    'exclude: [delete-managed-user]\nstrict: true',
    [...reads, 'create-managed-user', 'update-managed-user'],
  ],
] as const

/** The tools that a gateway in front of the mock offers. */
async function listTools(...options: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await runCommand('call', '--mock', ...options)
  expect(stderr).toBe('')
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
}

describe('what calgate ships with is selected', () => {
  it.each(selections)('by %j', async (options, _settings, tools) => {
    expect((await listTools(...options)).sort()).toEqual([...tools].sort())
  })

  it.each(selections)('as by %j in a settings file that says the same', async (_options, settings, tools) => {
    const file = join(folder, 'calgate.yaml')
    writeFileSync(file, settings)
    expect((await listTools('--config', file)).sort()).toEqual([...tools].sort())
  })

  it('in a program, which serves no other route and says so in its document', async () => {
    const gateway = await createGateway({ readOnly: true })
    const user = '/v1/v2/oauth-clients/cm9demo000001abcd1234efgh/users/4711'
    const { statusCode, headers } = await gateway.rest.inject({ method: 'DELETE', url: user })
    const { paths } = (await gateway.rest.inject('/openapi.json')).json()
    await gateway.close()
    expect([statusCode, headers.allow?.includes('DELETE')]).toEqual([405, false])
    expect(Object.values<object>(paths).flatMap((item) => Object.keys(item))).toEqual(['get', 'get'])
  })

  it('in the types of a client', async () => {
    const { stdout } = await runCommand('types', '--read-only')
    expect([/^ {8}get: /m.test(stdout), /^ {8}(post|patch|delete): /m.test(stdout)]).toEqual([true, false])
  })
})

describe('a selection is refused', () => {
  it('with the nearest name, where it selects nothing', async () => {
    const { code, stdout, stderr } = await runCommand(
      'serve',
      '--exclude',
      'delete-managed-usr',
      '--tag',
      'Customers',
    )
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('"delete-managed-usr" selects no operation; expected delete-managed-user')
    expect(stderr).toContain(
      '"Customers" selects no operation; expected a tag, an operationId, a tool or GET /path',
    )
  })

  it('of the mock, which has every operation', async () => {
    const { code, stderr } = await runCommand('mock', '--read-only')
    expect([code, stderr]).toEqual([2, '--read-only needs a description: name its file'])
  })

  it('that leaves no operation, in a program too', async () => {
    const name = 'get-managed-user'
    const { code, stderr } = await runCommand('serve', '--operation', name, '--exclude', name)
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^no operation is left to serve/)])
    await expect(createGateway({ operations: [name], exclude: [name] })).rejects.toThrow(
      'no operation is left to serve',
    )
  })

  it('in a program that names a file option without a file', async () => {
    await expect(createGateway({ overlays: ['mine.yaml'] })).rejects.toThrow('--overlay needs a description')
  })
})
