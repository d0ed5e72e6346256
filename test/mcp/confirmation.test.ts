import { expect, it } from 'vitest'
import { Confirmations } from '../../src/mcp/confirmation.ts'
import { Fingerprint } from '../../src/state/fingerprint.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import { startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'
import { operations } from './example.ts'

const operation = operations.find(({ id }) => id === 'burn-book')

it('a consent ends after five minutes', async () => {
  if (!operation?.tool) throw new Error('The example has no deletion')
  const clock = { now: 0.5 }
  const options = {
    clock: () => clock.now,
    fingerprint: new Fingerprint(new Uint8Array(32)),
    store: createMemoryStore(() => clock.now),
  }
  const confirmations = new Confirmations(options)
  const call = { operation, tool: operation.tool, values: { bookId: 7 }, client: 'a', listSecrets: () => [] }
  const agree = async (later: number) => {
    const question = await confirmations.check(call, {})
    clock.now += later
    return confirmations.check(call, { reply: { decision: 'agreed', state: question?.requestState } })
  }
  expect(await agree(299_000)).toBeUndefined()
  expect(await agree(301_000)).toMatchObject({ resultType: 'input_required' })
})

it.each(clients)("$client confirms by another name where `confirm` is the API's own", async ({ connect }) => {
  const query = (name: string) => ({ name, in: 'query', schema: { type: 'boolean' } })
  const remove = (tool: string, ...names: string[]) => ({
    delete: {
      operationId: tool,
      parameters: names.map(query),
      responses: {},
      'x-mcp-tool': {
        ...{ name: tool, title: tool, description: tool, annotations: {} },
        arguments: Object.fromEntries(names.map((name) => [name, name])),
      },
    },
  })
  const document = {
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    'x-name': 'shop',
    paths: { '/one': remove('one', 'confirm'), '/two': remove('two', 'confirm', 'confirm_deletion') },
  }
  await using upstream = await startUpstream((_request, response) => respondJson(response, 200, {}))
  const environment = { SHOP_BASE_URL: upstream.url, CONFIRM_DELETE: 'true' }
  await using gateway = await startGateway(upstream.url, environment, { document })
  const client = await connect({ url: `${gateway.mcpUrl}/mcp` })
  const { tools } = await client.listTools()
  expect(tools.map(({ inputSchema }) => Object.keys(inputSchema.properties ?? {}))).toEqual([
    ['confirm', 'confirm_deletion'],
    ['confirm', 'confirm_deletion', 'confirm_deletion_deletion'],
  ])
  const call = (values: object) => client.callTool({ name: 'one', arguments: { ...values } })
  const refused = await call({ confirm: true })
  expect(JSON.stringify(refused)).toContain('call again with `confirm_deletion` set to true')
  expect(upstream.requests).toHaveLength(0)
  await call({ confirm: false, confirm_deletion: true })
  await call({ confirm_deletion: true })
  expect(upstream.requests.map(({ url }) => url)).toEqual(['/one?confirm=false', '/one'])
  await client.close()
})
