import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { startGatewayProcess } from '../../stress/gateway-process.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const main = fileURLToPath(new URL('../../bin/calgate.js', import.meta.url))
const shipped = fileURLToPath(new URL('../../openapi/openapi.json', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'calgate-loaded-'))
const file = join(folder, 'modules')

/** Makes Node write down the URL of each module that it loads. */
const record = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs'
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      appendFileSync(${JSON.stringify(file)}, url + '\\n')
      return next(url, context)
    },
  })
`)}`

function takeLoaded(): string[] {
  const urls = readFileSync(file, 'utf8').trim().split('\n')
  rmSync(file)
  return urls
}

/** Modules that read descriptions, which happens at the start or at build, and never for a request. */
const builders = /\/src\/description\/|\/node_modules\/(@redocly|openapi-typescript|@scalar|yaml)\//

/** Modules for what only some deployments have. */
const rare = /\/node_modules\/(@redis\/|@opentelemetry\/(?!api\/)|jose\/)|\/src\/state\/redis-/

describe('what is loaded', () => {
  afterAll(() => rmSync(folder, { recursive: true }))

  it('by a gateway that serves what it ships with has nothing that reads descriptions', async () => {
    await using upstream = await startUpstream()
    const command = [process.execPath, '--import', record, main, 'start'] as const
    await using _gateway = await startGatewayProcess(upstream.url, 'warn', command)
    const loaded = takeLoaded()
    expect(loaded.filter((url) => builders.test(url))).toEqual([])
    expect(loaded.filter((url) => rare.test(url))).toEqual([])
    expect(loaded.some((url) => url.endsWith('/src/gateway.ts'))).toBe(true)
  })

  it('by a command that reads descriptions is noticed', () => {
    execFileSync(process.execPath, ['--import', record, main, 'check', shipped], { stdio: 'ignore' })
    expect(takeLoaded().filter((url) => builders.test(url))).not.toEqual([])
  })
})
