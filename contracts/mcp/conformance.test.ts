import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startGateway } from '../../test/support/gateway.ts'
import { startUpstream } from '../../test/support/upstream-stub.ts'

const tool = fileURLToPath(new URL('../../node_modules/.bin/conformance', import.meta.url))
const expected = fileURLToPath(new URL('expected-failures.yaml', import.meta.url))

test.each(['2025-11-25', '2026-07-28'])(
  'the server passes every scenario of %s but those listed with a reason',
  async (version) => {
    await using upstream = await startUpstream()
    await using running = await startGateway(upstream.url)
    const folder = await mkdtemp(join(tmpdir(), 'calgate-conformance-'))
    const list = ['--suite', 'all', '--spec-version', version, '--expected-failures', expected]
    const command = ['server', '--url', `${running.mcpUrl}/mcp`, '--output-dir', folder, ...list]
    const { stdout } = await promisify(execFile)(tool, command).finally(() => rm(folder, { recursive: true }))
    expect(stdout).toContain('Baseline check passed')
  },
)
