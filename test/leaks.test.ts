import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startGateway } from './support/gateway.ts'
import { createSearch, findLeaks, listCanaries, listSpellings } from './support/leaks.ts'
import { folderVariable } from './support/run-log.ts'
import { startUpstream } from './support/upstream-stub.ts'

const canary = 'planted-ÄÖ/"ada+1@example.org'
const search = createSearch([canary])
const log = (fields: object) => JSON.stringify({ level: 30, time: '2026-11-24T10:00:00.000Z', ...fields })

describe('the search of the logs', () => {
  it.each([0, 1, 2])(
    'finds a text in base64 that begins %s bytes before it, in either alphabet',
    (offset) => {
      const text = Buffer.concat([Buffer.alloc(offset, 'x'), Buffer.from(`${canary} and more`)])
      for (const encoding of ['base64', 'base64url'] as const)
        expect(search(log({ msg: text.toString(encoding) }))).toContain(canary)
    },
  )

  it.each([
    ['plain', canary],
    ['in a URL', encodeURIComponent(canary)],
    ['in hexadecimal', Buffer.from(canary).toString('hex')],
    ['escaped as JSON', JSON.stringify(canary).slice(1, -1)],
  ])('finds a text that is %s', (_, spelling) => {
    expect(search(spelling)).toContain(canary)
    expect(listSpellings(canary)).toContain(spelling)
  })

  it.each([
    ['an address', 'di@example.com'],
    ['an address in a URL', 'di%40example.com'],
    ['a token', 'eyJhbGciOiJIUzI1NiJ9.e30.x'],
    ['a credential', 'Bearer abc'],
    ['a key of the gateway', `calgate_${'x'.repeat(43)}`],
  ])('finds %s that nobody planted', (_, text) => {
    expect(findLeaks([log({ msg: text })], createSearch([]))).toHaveLength(1)
  })

  it('finds what is no line of the log, and a field that the log does not have', () => {
    const lines = [log({ msg: 'answered' }), 'stray', log({ url: '/' })]
    expect(findLeaks(lines, search)).toEqual([
      'the field that is no JSON in stray',
      expect.stringMatching(/^the field url in /),
    ])
  })

  it('finds nothing in a line as it should be', () => {
    const line = log({ requestId: crypto.randomUUID(), route: '/mcp', ms: 3, traceId: '0'.repeat(32) })
    expect(findLeaks([line], createSearch(listCanaries()))).toEqual([])
  })

  it('looks for what the tests use, without being told of it', () => {
    expect(listCanaries()).toEqual(
      expect.arrayContaining([
        ...['demo-secret', 'planted-secret-4f1c', 'example-secret-value', 'planted-canary-7f3a', 'cal_demo'],
        ...['held-secret', 'other-secret', 'ada@example.org', 'planted@example.org'],
      ]),
    )
  })

  it('is given what every gateway of the run logs', async () => {
    await using upstream = await startUpstream()
    await using running = await startGateway(upstream.url)
    await (await fetch(`${running.restUrl}/openapi.json`)).text()
    await expect.poll(() => running.log.length).toBeGreaterThan(2)
    const folder = process.env[folderVariable] ?? ''
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    for (const line of running.log) expect(texts.join('')).toContain(line)
  })
})
