import { describe, expect, it } from 'vitest'
import { listApiVariables } from '../../src/config/api-variables.ts'
import { readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { describeApi, load } from '../description/loading.ts'
import { startGateway } from '../support/gateway.ts'

const key = { type: 'apiKey', in: 'header', name: 'X-Key' }
const login = { type: 'http', scheme: 'basic' }
const open = (path: string, scheme: object) =>
  describeApi(
    { [path]: { get: {} } },
    { security: [{ key: [] }], components: { securitySchemes: { key: scheme } } },
  )
const closed = { 'x-configured-only': true }
const named = { 'x-env': { value: 'GITHUB_TOKEN' } }
const split = { 'x-env': { username: 'SHOP_USER', password: 'SHOP_PASS' } }

/** Files, and the variables of the credential of the last one. */
const cases: [string, Record<string, object>, string[]][] = [
  ['by rule', { shop: open('/a', key) }, ['SHOP_KEY']],
  ['that a description names', { shop: open('/a', { ...key, ...named }) }, ['GITHUB_TOKEN']],
  ['of a user and a password', { shop: open('/a', { ...login, ...split }) }, ['SHOP_USER', 'SHOP_PASS']],
  ['of several descriptions', { shop: open('/a', key), pets: open('/b', key) }, ['PETS_KEY']],
  [
    'of several, one of which names its own',
    { shop: open('/a', key), pets: open('/b', { ...key, ...named }) },
    ['GITHUB_TOKEN'],
  ],
]

async function read(files: Record<string, object>): Promise<OpenApiDocument> {
  const { document } = await load(
    Object.fromEntries(Object.entries(files).map(([name, one]) => [`${name}.json`, one])),
  )
  if (!document) throw new Error('nothing was loaded')
  return document
}

describe.each(cases)('the variables of a credential, %s', (_, files, variables) => {
  const last = Object.keys(files).at(-1)
  const names = variables.join(' and ')

  it('are read, and told where the credential is missing', async () => {
    for (const more of [{}, closed]) {
      const given = Object.entries(files).map(([name, one]) => {
        const { components, ...rest } = asRecord(one)
        const { key: scheme } = asRecord(asRecord(components).securitySchemes)
        return [
          name,
          { ...rest, components: { securitySchemes: { key: { ...asRecord(scheme), ...more } } } },
        ] as const
      })
      const document = await read(Object.fromEntries(given))
      const own = readApi(document)
      expect(Object.keys(listApiVariables(own))).toEqual(expect.arrayContaining(variables))
      await using gateway = await startGateway('', {}, { document })
      const params = { name: last === 'pets' ? 'get_b' : 'get_a', arguments: {} }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
      const text = await response.text()
      expect(text).toContain(more === closed ? `Tell the operator to configure ${names}.` : names)
    }
  })

  it('are told where others reach what they are configured for', async () => {
    const own = readApi(await read(files))
    const environment = Object.fromEntries(variables.map((one) => [one, 'planted']))
    const set = `while ${names} ${variables.length > 1 ? 'are' : 'is'} set`
    expect(() => readConfig({ ...environment, HOST: '0.0.0.0' }, own)).toThrow(set)
  })
})
