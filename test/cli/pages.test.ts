import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeApi } from '../description/loading.ts'
import { readConsoleCommands } from '../support/console-blocks.ts'
import { findFreePorts } from '../support/processes.ts'
import { runCommandWith } from './run-command.ts'

/** The pages whose commands run here; those of the others, and their output, run with the package. */
const pages = ['README.md', 'docs/commands.md', 'docs/descriptions.md', 'docs/library.md']
const commands = pages.flatMap((page) =>
  readConsoleCommands(readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8')).flatMap(
    ({ command }) => {
      const [, typed] = /^(?:npx )?calgate (.*?)\s*(?:[#>].*)?$/.exec(command) ?? []
      return typed === undefined ? [] : [[page, typed] as const]
    },
  ),
)

/** A capability of the API that the other files describe. */
const capability = {
  naftiko: '1.0.0',
  info: { label: 'Bookings', description: 'Customers who book' },
  capability: {
    consumes: [
      {
        ...{ type: 'http', namespace: 'bookings', baseUri: 'https://api.example.org' },
        resources: [{ name: 'customers', path: '/customers', operations: [{ name: 'list', method: 'GET' }] }],
      },
    ],
    exposes: [
      {
        ...{ type: 'mcp', namespace: 'bookings-mcp', port: 9090 },
        tools: [{ name: 'list', description: 'List customers', call: 'bookings.list' }],
      },
    ],
  },
}

let folder: string
let environment: Record<string, string>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'calgate-pages-'))
  const servers = [{ url: 'https://api.example.org' }]
  const tags = ['Customers']
  const api = { '/customers': { get: { tags, responses: { 200: { description: 'Customers' } } }, post: {} } }
  for (const name of ['petstore.yaml', 'stripe.json', 'cal-com.json'])
    writeFileSync(join(folder, name), JSON.stringify(describeApi(api, { servers })))
  writeFileSync(join(folder, 'bookings.yaml'), JSON.stringify(capability))
  const [port] = await findFreePorts(1)
  environment = { REST_PORT: '0', MCP_PORT: '0', CONTROL_PORT: '0', MOCK_PORT: `${port}` }
})
afterAll(() => rmSync(folder, { recursive: true }))

test('pages have commands', () => {
  expect(new Set(commands.map(([page]) => page))).toEqual(new Set(pages))
})

test.each(commands)('%s: calgate %s', async (_page, typed) => {
  const args = typed.split(/\s+/).map((arg) => (/\.(json|yaml)$/.test(arg) ? join(folder, arg) : arg))
  const { code, stdout, stderr } = await runCommandWith(environment, ...args)
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).not.toBe('')
})
