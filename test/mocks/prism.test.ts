import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PrismMock, startPrism } from '../../mocks/prism.ts'

const folder = mkdtempSync(join(tmpdir(), 'calgate-'))
const document = pathToFileURL(join(folder, 'openapi.json'))
const missing = { error: { code: 'Missing' } }
const gone = { error: { code: 'Gone' } }

/** An answer with named examples. */
function describeAnswer(description: string, examples: object) {
  return { description, content: { 'application/json': { schema: { type: 'object' }, examples } } }
}

function describeThings(paths: object) {
  return JSON.stringify({
    openapi: '3.0.3',
    info: { title: 'Things', version: '1' },
    servers: [{ url: '/v1' }],
    paths,
  })
}

let mock: PrismMock
beforeAll(async () => {
  const responses = {
    200: describeAnswer('A thing.', { one: { value: { id: 7 } } }),
    404: describeAnswer('None.', { missing: { value: missing }, gone: { value: gone } }),
  }
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } }
  writeFileSync(document, describeThings({ '/v2/things/{id}': { get: { parameters: [id], responses } } }))
  mock = await startPrism({ document })
})
afterAll(async () => {
  await mock[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

async function call(path: string, headers = {}) {
  const answer = await fetch(mock.url + path, { headers })
  return { status: answer.status, body: await answer.json() }
}

describe('Prism in the place of Cal.com', () => {
  it('answers at the paths of the document, without its server prefix', async () => {
    expect(await call('/v2/things/1')).toEqual({ status: 200, body: { id: 7 } })
  })

  it('answers the named example that Prefer asks for', async () => {
    expect(await call('/v2/things/1', { prefer: 'code=404, example=gone' })).toEqual({
      status: 404,
      body: gone,
    })
  })

  it('refuses what the document does not describe', async () => {
    expect(await call('/v2/others/1')).toMatchObject({ status: 404, body: { title: expect.any(String) } })
  })

  it('refuses what the document does not allow', async () => {
    expect(await call('/v2/things/seven')).toMatchObject({ status: 422 })
  })

  it('says so when its port is taken', async () => {
    const { port } = new URL(mock.url)
    await expect(startPrism({ document, port: Number(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('gives its port back', async () => {
    const first = await startPrism({ document })
    await first[Symbol.asyncDispose]()
    await using second = await startPrism({ document, port: Number(new URL(first.url).port) })
    expect(second.url).toBe(first.url)
  })

  it('does not start on a document without operations', async () => {
    const empty = pathToFileURL(join(folder, 'empty.json'))
    writeFileSync(empty, describeThings({}))
    await expect(startPrism({ document: empty })).rejects.toThrow('describes no operation')
  })
})

it('stands in for the API of any document', async () => {
  const schema = {
    type: 'object',
    properties: { name: { type: 'string', const: 'ada' } },
    required: ['name'],
  }
  const responses = { 200: { description: 'A pet', content: { 'application/json': { schema } } } }
  const document = {
    openapi: '3.1.0',
    info: { title: 'Pets', version: '1' },
    paths: { '/pets/{id}': { get: { responses } } },
  }
  await using mock = await startPrism({ document })
  const response = await fetch(`${mock.url}/pets/7`)
  expect(await response.json()).toEqual({ name: 'ada' })
})

describe('Prism in the place of another API', () => {
  it('reads schemas that refer to each other in millions of ways, and checks and responds by them', async () => {
    const refer = (name: string) => ({ $ref: `#/components/schemas/${name}` })
    const describePart = (depth: number) => ({
      type: 'object',
      properties: {
        id: { type: 'integer' },
        ...Object.fromEntries(
          [...'abcdefgh'].map((name) => [name, depth < 8 ? refer(`Part${depth + 1}`) : {}]),
        ),
      },
      required: ['id'],
    })
    const parts = Object.fromEntries(
      Array.from({ length: 9 }, (_, depth) => [`Part${depth}`, describePart(depth)]),
    )
    const done = {
      type: 'object',
      properties: { id: { type: 'integer' }, next: refer('Done') },
      required: ['id'],
    }
    const describe = (name: string) => ({ content: { 'application/json': { schema: refer(name) } } })
    const responses = { 200: { description: 'Done.', ...describe('Done') } }
    await using prism = await startPrism({
      document: {
        openapi: '3.1.0',
        info: { title: 'Parts', version: '1' },
        paths: { '/parts': { post: { requestBody: { required: true, ...describe('Part0') }, responses } } },
        components: { schemas: { Done: done, ...parts } },
      },
    })
    const post = async (body: object) => {
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const response = await fetch(`${prism.url}/parts`, init)
      return [response.status, await response.json()]
    }
    expect(await post({ id: 7, a: { id: 8 } })).toEqual([200, expect.objectContaining({ id: 0 })])
    expect(await post({ id: 7, a: { id: 'x' } })).toEqual([422, expect.anything()])
  })
})

it.each([false, true])(
  'serves lists and objects in headers and paths, which end a Prism that reads them (behind a gateway: %s)',
  async (isBehindGateway) => {
    const content = { 'application/json': { schema: { type: 'object', properties: { id: { const: 7 } } } } }
    const responses = { 200: { description: 'Done.', content } }
    const tags = { name: 'X-Tags', in: 'header', schema: { type: 'array', items: { type: 'string' } } }
    const filter = { name: 'filter', in: 'path', required: true, explode: true, schema: { type: 'object' } }
    const schema = { type: 'object', required: ['name'] }
    const document = {
      openapi: '3.1.0',
      info: { title: 'Things', version: '1' },
      paths: {
        '/things': {
          get: { parameters: [tags], responses },
          post: { requestBody: { content: { 'application/json': { schema } } }, responses },
        },
        '/things/{filter}': { get: { parameters: [filter], responses } },
      },
    }
    await using mock = await startPrism({ document, isBehindGateway })
    for (const path of ['/things', '/things/a=1,b=2'])
      expect((await fetch(mock.url + path)).status, path).toBe(200)
    const headers = { 'content-type': 'application/json' }
    const created = await fetch(`${mock.url}/things`, { method: 'POST', headers, body: '{}' })
    expect(created.status).toBe(isBehindGateway ? 200 : 422)
  },
)
