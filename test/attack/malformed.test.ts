import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attack,
  attackWith,
  families,
  findFaults,
  findLogFaults,
  type ServerName,
  targets,
} from '../support/attack.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type Malformed, writePost } from '../support/malformed.ts'
import { listFramings } from '../support/malformed-framing.ts'
import { listMcpCalls, listRefusedMessages } from '../support/mcp-calls.ts'
import { listRestCalls } from '../support/rest-calls.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream()
  gateway = await startGateway(upstream.url)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const corpus: Readonly<Record<ServerName, readonly Malformed[]>> = {
  rest: [...listFramings(targets.rest), ...listRestCalls()],
  mcp: [...listFramings(targets.mcp), ...listMcpCalls()],
}

it('counts 300 malformed requests and more on the two ports, no two of a port the same', () => {
  const counts = Object.values(corpus).map((cases) => ({
    written: cases.length,
    different: new Set(cases.map(([, text]) => text)).size,
  }))
  expect(counts.map(({ different }) => different)).toEqual(counts.map(({ written }) => written))
  expect(counts.reduce((sum, { written }) => sum + written, 0)).toBeGreaterThanOrEqual(300)
})

describe.each(['rest', 'mcp'] as const)('on %s', (server) => {
  it('a call goes upstream as long as nothing is wrong with it', async () => {
    const before = upstream.requests.length
    const { answers } = await attack({ gateway, upstream }, server, writePost(targets[server], []))
    expect(answers.map(({ status }) => status)).toEqual([200])
    expect(upstream.requests.length).toBe(before + 1)
  })

  it.each(corpus[server].map(toCase))('$name', async ({ text, status, sending }) => {
    const before = upstream.requests.length
    const exchange = await attack({ gateway, upstream }, server, text, sending)
    expect(exchange.answers.map((one) => one.status)).toEqual(status === 0 ? [] : [status])
    expect(findFaults(exchange)).toEqual([])
    expect(upstream.requests.length).toBe(before)
  })

  it.each(Object.keys(families).filter(isFamily))(
    '%s is answered once at most, and calmly',
    async (family) => {
      await attackWith({ gateway, upstream }, server, family, { runs: 30, seed: 1 })
    },
  )
})

describe('inside a message', () => {
  it.each(listRefusedMessages())('$name', async ({ text }) => {
    const before = upstream.requests.length
    const exchange = await attack({ gateway, upstream }, 'mcp', text)
    expect(exchange.answers).toHaveLength(1)
    expect(exchange.answers[0]?.body).toMatch(/"error":|"isError":true/)
    expect(findFaults(exchange)).toEqual([])
    expect(upstream.requests.length).toBe(before)
  })
})

it('leaves no secret and no failure in the log', () => {
  expect(gateway.log.length).toBeGreaterThan(300)
  expect(findLogFaults(gateway.log)).toEqual([])
})

function isFamily(name: string): name is keyof typeof families {
  return name in families
}

/** Titles of cases may hold a percent sign, which a table of tuples would take for a placeholder. */
function toCase([name, text, status, sending]: Malformed) {
  return { name, text, status, sending }
}
