import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PrismMock, startPrism } from '../../mocks/prism.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const users = '/v2/oauth-clients/cm9demo/users'
const secret = { 'x-cal-secret-key': 'demo-secret' }
const json = { ...secret, 'content-type': 'application/json' }
const addresses = (count: number) =>
  Array.from({ length: count }, (_, index) => `a${index}@example.org`).join(',')
const person = { email: 'ada@example.org', name: 'Ada' }

/** Requests that the document and the gateway could take differently, each with what both do. */
const cases = [
  ['the secret', 'GET', users, secret, undefined, true],
  ['no credential', 'GET', users, {}, undefined, false],
  ['an API key alone', 'GET', users, { authorization: 'Bearer cal_demo' }, undefined, false],
  ['50 addresses', 'GET', `${users}?emails=${addresses(50)}`, secret, undefined, true],
  ['51 addresses', 'GET', `${users}?emails=${addresses(51)}`, secret, undefined, false],
  ['a user', 'POST', users, json, person, true],
  ['null for a time format', 'POST', users, json, { ...person, timeFormat: null }, true],
  ['another time format', 'POST', users, json, { ...person, timeFormat: 13 }, false],
  ['null for a locale', 'POST', users, json, { ...person, locale: null }, true],
  ['null for a time zone', 'POST', users, json, { ...person, timeZone: null }, false],
  ['an international address', 'POST', users, json, { ...person, email: 'jörg@example.org' }, false],
  ['null for a changed time format', 'PATCH', `${users}/7`, json, { timeFormat: null }, true],
  ['null for a changed time zone', 'PATCH', `${users}/7`, json, { timeZone: null }, false],
] as const

describe('independent validators, given the document that the gateway serves', () => {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-served-'))
  let upstream: Awaited<ReturnType<typeof startUpstream>>
  let gateway: RunningGateway
  let prism: PrismMock
  let bodies: Record<'POST' | 'PATCH', ValidateFunction>

  beforeAll(async () => {
    upstream = await startUpstream((_request, response) =>
      respondJson(response, 200, { status: 'success', data: {} }),
    )
    gateway = await startGateway(upstream.url)
    const served = await (await fetch(`${gateway.restUrl}/openapi.json`)).text()
    const file = join(folder, 'served.json')
    writeFileSync(file, served)
    const { schemas } = JSON.parse(served).components
    // Ajv knows `nullable` itself, and takes it at its word: an enum that lacks null refuses it.
    const ajv = new Ajv({ strict: false, formats: { ...fullFormats, 'iana-time-zone': true } })
    ajv.addSchema({ $id: 'served', components: { schemas } })
    bodies = {
      POST: ajv.compile({ $ref: 'served#/components/schemas/CreateManagedUser' }),
      PATCH: ajv.compile({ $ref: 'served#/components/schemas/UpdateManagedUser' }),
    }
    prism = await startPrism({ document: pathToFileURL(file) })
  })
  afterAll(async () => {
    await prism[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  it.each(cases)('agree with it about %s', async (_title, method, path, headers, body, isTaken) => {
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    const [own, other] = await Promise.all([
      fetch(`${gateway.restUrl}/v1${path}`, request).then(({ status }) => status < 400),
      // Prism checks parameters and security, and no body behind a reference.
      fetch(`${prism.url}${path}`, request).then(({ status }) => status < 400),
    ])
    const isBodyTaken = method === 'GET' || bodies[method](body)
    expect([own, other && isBodyTaken]).toEqual([isTaken, isTaken])
  })
})
