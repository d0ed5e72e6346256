import { expect, test } from 'vitest'
import { openGrant } from '../../src/access/authorization.ts'
import { asRecord } from '../../src/document/json.ts'
import { offerSearch } from '../../src/mcp/tool-search.ts'

const context = { credential: () => undefined, grant: openGrant, listSecrets: () => [] }

/** Returns the names of the tools that a search finds, of a tool for each word. */
async function search(words: readonly string[], query: string): Promise<unknown[]> {
  const tools = words.map((name) => ({
    ...{ name, title: '', description: '', inputSchema: {}, outputSchema: {}, annotations: { title: '' } },
  }))
  const offered = offerSearch({ list: () => tools, call: () => undefined }, [])
  const result = await offered.call('search-tools', { query }, context)
  const { structuredContent } = asRecord(result)
  return [asRecord(structuredContent).tools].flat().map((one) => asRecord(one).name)
}

test.each([
  ['menu', 'menus'],
  ['cpu', 'cpus'],
  ['sku', 'skus'],
  ['status', 'statuses'],
  ['bonus', 'bonuses'],
  ['virus', 'viruses'],
  ['bus', 'buses'],
  ['schema', 'schemas'],
  ['alias', 'aliases'],
  ['canvas', 'canvases'],
  ['clause', 'clauses'],
  ['database', 'databases'],
  ['case', 'cases'],
  ['house', 'houses'],
  ['analysis', 'analyses'],
  ['axis', 'axes'],
  ['address', 'addresses'],
  ['company', 'companies'],
  ['api', 'apis'],
])('"%s" and "%s" find each other, and no other word', async (one, many) => {
  const others = ['order', 'menace', 'stat', 'category', 'analog', 'addition']
  expect(await search([one, ...others], many)).toEqual([one])
  expect(await search([many, ...others], one)).toEqual([many])
})

test('a word counts most in a name, then in a title, in a tag and in a description', async () => {
  const describe = (name: string, title = '', description = '') => ({
    ...{ name, title, description, inputSchema: {}, outputSchema: {}, annotations: { title: '' } },
  })
  const tools = [describe('a', '', 'invoice'), describe('b'), describe('c', 'Invoice'), describe('invoice')]
  const operations = [{ id: 'b', tags: ['Invoice'] }]
  const offered = offerSearch({ list: () => tools, call: () => undefined }, operations)
  const result = await offered.call('search-tools', { query: 'invoice' }, context)
  const { structuredContent } = asRecord(result)
  const found = [asRecord(structuredContent).tools].flat().map((one) => asRecord(one).name)
  expect(found).toEqual(['invoice', 'c', 'b', 'a'])
})

test('a description that is cut within a character has no half of it', async () => {
  const description = `Lists invoices ${'x'.repeat(284)}😀`
  const tool = { name: 'a', title: '', description, inputSchema: {}, outputSchema: {} }
  const tools = [{ ...tool, annotations: { title: '' } }]
  const offered = offerSearch({ list: () => tools, call: () => undefined }, [])
  const result = await offered.call('search-tools', { query: 'invoice' }, context)
  expect(result).toMatchObject({ structuredContent: { found: 1 } })
  expect(JSON.stringify(result)).not.toMatch(/\\ud83d/)
})
