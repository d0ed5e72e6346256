import { expect, test } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { startGateway } from '../support/gateway.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const responses = { 200: { description: 'Done' } }
const shipped = readDocument()
const document = {
  ...shipped,
  paths: { ...shipped.paths, '/gists': { get: { operationId: 'listGists', responses }, put: { responses } } },
}

test('an operation that cannot be read is logged once at the start, and costs itself alone', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, {}, { document })
  expect((await fetch(`${gateway.restUrl}/gists`)).status).toBe(200)
  expect((await fetch(`${gateway.restUrl}/gists`, { method: 'PUT' })).status).toBe(405)
  const described = asRecord(await (await fetch(`${gateway.restUrl}/openapi.json`)).json())
  expect(Object.keys(asRecord(asRecord(described.paths)['/gists']))).toEqual(['get'])
  const warnings = gateway.log.map((line) => asRecord(JSON.parse(line))).filter(({ level }) => level === 40)
  expect(warnings).toEqual([
    {
      level: 40,
      time: expect.any(String),
      msg: 'operation not served',
      operation: 'PUT /gists',
      reason: 'PUT /gists has no operationId',
    },
  ])
})
