import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('request-files.ts', import.meta.url))

test('a reader of one request meets at most 26 files on REST, and 30 for a tool call', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program])
  const { rest, mcp } = JSON.parse(stdout)
  expect(rest).toContain('rest/operation-route.ts')
  expect(mcp).toContain('mcp/tools.ts')
  expect(rest.length, rest.join('\n')).toBeLessThanOrEqual(26)
  expect(mcp.length, mcp.join('\n')).toBeLessThanOrEqual(30)
})
