import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlantedMismatch } from '../../mocks/cal-com/faults.ts'
import { type CalComMock, startCalCom } from '../../mocks/cal-com/server.ts'
import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import type { JsonSchema } from '../../src/document/json-schema.ts'
import { readOperations } from '../../src/document/operations.ts'
import { createComparison } from '../../src/document/response-mismatch.ts'
import { placeDefinitions } from '../../src/document/schema-reader.ts'
import { createWriteBatch } from '../../src/http/connection.ts'
import { type MismatchKind, ResponseSampler } from '../../src/observability/response-sampling.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type CallName, calls, type ServerName, servers } from '../support/servers.ts'
import { findOperation, respond } from '../upstream/requester-fixture.ts'

const operations = readOperations(readDocument())
const names = ['list', 'get', 'create', 'update', 'delete', 'force-refresh', 'refresh'] as const
const find = (name: CallName) => operations.find(({ tool }) => tool?.name === calls[name].tool)

/** A clock that goes a second a look, so that no answer is one too many. */
function createClock(): () => number {
  let now = Date.UTC(2026, 10, 23, 10)
  return () => {
    now += 1_000
    return now
  }
}

describe('the answers of a Cal.com that remembers', () => {
  let mock: CalComMock
  let running: RunningGateway

  beforeAll(async () => {
    mock = await startCalCom({ clock: createClock() })
    running = await startGateway(mock.url, {}, { sampling: { clock: createClock(), random: () => 0 } })
  })
  afterAll(async () => {
    await running[Symbol.asyncDispose]()
    await mock[Symbol.asyncDispose]()
  })

  async function control(name: string, body: unknown = {}): Promise<void> {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }
    const response = await fetch(`${mock.url}/_control/${name}`, init)
    expect([response.status, await response.text()]).toEqual([204, ''])
  }

  /** Calls an operation as the client that the mock knows. */
  function call(name: CallName, server: ServerName, refreshToken = '') {
    const text = JSON.stringify(calls[name])
      .replaceAll('cm9demo', 'cm9demo000001abcd1234efgh')
      .replaceAll('ada@', 'eva@')
    return servers[server](running, JSON.parse(text.replaceAll('"demo"', JSON.stringify(refreshToken))))
  }

  /** Calls an operation of a fresh world, and gives its response and the mismatches that were counted for it. */
  async function observe(name: CallName, server: ServerName, mismatch?: PlantedMismatch) {
    await control('reset')
    const forced = name === 'refresh' ? (await call('force-refresh', 'rest')).text : '{}'
    if (mismatch) await control('faults', { operation: find(name)?.id, mismatch })
    await settle()
    const before = await readMismatches()
    const { status, text } = await call(name, server, Object(JSON.parse(forced).data).refreshToken)
    await settle()
    const after = await readMismatches()
    const found = [...after].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind)
    return { status, text, found: found.sort() }
  }

  async function readMismatches(): Promise<Map<string, number>> {
    const { body } = await running.gateway.control.inject('/metrics')
    const found = [
      ...body.matchAll(
        /^calgate_response_mismatches_total\{operation="(.*)",pointer="(.*)",rule="(.*)"\} (\d+)$/gm,
      ),
    ]
    return new Map(
      found.map(([, operation, pointer, rule, count]) => [`${operation} ${pointer} ${rule}`, Number(count)]),
    )
  }

  it('differ nowhere while nothing is planted, on either port', async () => {
    for (const server of ['rest', 'mcp'] as const)
      for (const name of names) {
        const { status, found } = await observe(name, server)
        expect([name, status < 300, found]).toEqual([name, true, []])
      }
    const { body } = await running.gateway.control.inject('/metrics')
    const checked = [...body.matchAll(/^calgate_responses_sampled_total\{operation="(.*)"\} [1-9]/gm)]
    expect(checked.map(([, id]) => id).sort()).toEqual(operations.map(({ id }) => id).sort())
    expect(running.log.join('')).not.toContain('departs')
  })

  it.each(names)(
    'of %s are named by the place where they depart, and nothing else is',
    async (name) => {
      const operation = find(name)
      const members = listMembers(placeDefinitions(operation?.success.schema ?? {}))
      expect(members.length).toBeGreaterThan(4)
      for (const { pointer, place, isPlain } of members) {
        const dropped = await observe(name, 'rest', { pointer, change: 'drop' })
        expect([pointer, dropped.found]).toEqual([pointer, [`${operation?.id} ${place} required`]])
        if (!isPlain) continue
        const retyped = await observe(name, 'mcp', { pointer, change: 'retype' })
        expect([pointer, retyped.found]).toEqual([pointer, [`${operation?.id} ${place} ${ruleOf(place)}`]])
        expect(retyped.status).toBeLessThan(300)
      }
    },
    60_000,
  )

  it('may have a member more or another name, which is told without it', async () => {
    const id = find('list')?.id
    const more = await observe('list', 'rest', { pointer: '/data/0/planted', change: 'extra' })
    expect(more.found).toEqual([`${id} /data/*/? undocumented`])
    expect(JSON.parse(more.text).data[0].planted).toBe('something more')
    const renamed = await observe('list', 'rest', { pointer: '/data/0/bio', change: 'rename' })
    expect(renamed.found).toEqual([`${id} /data/*/? undocumented`, `${id} /data/*/bio required`])
    expect(running.log.join('')).not.toMatch(/planted|bioRenamed|something/)
  })

  it('are logged once a kind, by place and rule alone', async () => {
    await observe('get', 'rest', { pointer: '/data/locale', change: 'drop' })
    await observe('get', 'mcp', { pointer: '/data/locale', change: 'drop' })
    const lines = running.log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'response mismatch')
    const kind = { operation: find('get')?.id, pointer: '/data/locale', rule: 'required' }
    const told = lines.filter(
      ({ operation, pointer }) => operation === kind.operation && pointer === kind.pointer,
    )
    const msg = 'response mismatch'
    expect(told).toEqual([{ level: 40, time: expect.any(String), ...kind, msg }])
  })
})

/** Of an enumeration its list says more than its type. */
function ruleOf(place: string): string {
  return place === '/status' || place.endsWith('/timeFormat') ? 'enum' : 'type'
}

interface Member {
  readonly pointer: string
  readonly place: string
  /** Whether another type would depart: it is neither an object nor may it be null. */
  readonly isPlain: boolean
}

/** The members that must be there, those of the first element of a list included. */
function listMembers(schema: JsonSchema, pointer = '', place = ''): Member[] {
  if (schema.items) return listMembers(asRecord(schema.items), `${pointer}/0`, `${place}/*`)
  return [schema.required ?? []].flat().flatMap((name) => {
    const inner = asRecord(asRecord(schema.properties)[String(name)])
    const at = [`${pointer}/${name}`, `${place}/${name}`] as const
    const isPlain = typeof inner.type === 'string' && !['object', 'array'].includes(inner.type)
    return [{ pointer: at[0], place: at[1], isPlain }, ...listMembers(inner, ...at)]
  })
}

/** Waits until what was observed has been compared. */
async function settle(): Promise<void> {
  await setImmediate()
  await setImmediate()
}

describe('a sampler', () => {
  const get = findOperation('GET', '/users/{userId}')

  function createSampler(share: number, random: () => number, clock = () => 0) {
    const checked: string[] = []
    const kinds: MismatchKind[] = []
    const failures: unknown[] = []
    const sampler = new ResponseSampler({
      compare: createComparison(readDocument()),
      share,
      random,
      clock,
      recorder: { recordCheck: (operation) => checked.push(operation), recordMismatch() {} },
      onNewKind: (kind) => kinds.push(kind),
      onFailure: (error) => failures.push(error),
    })
    return { sampler, checked, kinds, failures }
  }

  it('looks at the share of answers that it is told', async () => {
    const chances = [0, 0.09, 0.1, 0.5, 0.99]
    const { sampler, checked } = createSampler(0.1, () => chances.shift() ?? 1)
    for (let n = 0; n < 5; n += 1) sampler.observe(get, respond(200))
    await settle()
    expect(checked).toHaveLength(2)
  })

  it('looks at nothing when it is off, and never at errors or at large answers', async () => {
    const off = createSampler(0, () => 0)
    off.sampler.observe(get, respond(200))
    const on = createSampler(1, () => 0)
    on.sampler.observe(get, respond(404))
    on.sampler.observe(get, respond(200, 'x'.repeat(256 * 1024)))
    await settle()
    expect([off.checked, on.checked]).toEqual([[], []])
  })

  it('tells of what it fails on, and goes on', async () => {
    const { sampler, checked, failures } = createSampler(1, () => 0)
    sampler.observe(get, { ...respond(200), body: Buffer.from('no JSON') })
    sampler.observe(get, respond(200))
    await settle()
    expect([failures.length, checked.length]).toEqual([1, 1])
  })

  it('looks at five answers a second at most', async () => {
    let now = 0
    const { sampler, checked } = createSampler(
      1,
      () => 0,
      () => now,
    )
    for (let n = 0; n < 9; n += 1) sampler.observe(get, respond(200))
    now = 999
    sampler.observe(get, respond(200))
    await settle()
    expect(checked).toHaveLength(5)
    now = 1_000
    sampler.observe(get, respond(200))
    await settle()
    expect(checked).toHaveLength(6)
  })

  it('looks at a response only after the batch that it is written with', async () => {
    const { sampler, checked } = createSampler(1, () => 0)
    const join = createWriteBatch()
    let checkedBefore = Number.NaN
    sampler.observe(get, respond(200))
    join(() => {
      checkedBefore = checked.length
    })
    await settle()
    expect([checkedBefore, checked.length]).toEqual([0, 1])
  })

  it('looks at an answer only after it went out', async () => {
    const { sampler, checked } = createSampler(1, () => 0)
    sampler.observe(get, respond(200))
    expect(checked).toEqual([])
    await settle()
    expect(checked).toEqual([get.id])
  })
})
