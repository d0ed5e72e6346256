import { describe, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'

const answer = { description: 'A gist', content: { 'application/json': { schema: { type: 'object' } } } }
const least = { operationId: 'getgist', 'x-rest-path': '/v1/gists/{gistid}', responses: { 200: answer } }

/** A document of one operation with these members besides the least it needs. */
function documentWith(members: object, document: Partial<OpenApiDocument> = {}): OpenApiDocument {
  return {
    openapi: '3.0.3',
    paths: { '/gists/{gistId}': { get: { ...least, ...members } } },
    components: {
      securitySchemes: {
        secret: { type: 'apiKey' },
        key: { type: 'http', scheme: 'bearer' },
        login: { type: 'http', scheme: 'basic' },
      },
      schemas: { Id: { type: 'string', nullable: true } },
    },
    ...document,
  }
}

const gistId = {
  name: 'gistId',
  in: 'path',
  required: true,
  description: '',
  schema: { type: 'string' },
  style: 'simple',
  explode: false,
}

const type = 'application/json'
const json = { type, name: type, kind: 'json', schema: { type: 'object' }, encoding: {} }

const readWith = (members: object, document?: Partial<OpenApiDocument>) =>
  readOperations(documentWith(members, document))[0]

describe('an operation', () => {
  test('with the least there can be has the variables of its path, no body and no tool', () => {
    expect(readWith({})).toEqual({
      id: 'getgist',
      method: 'GET',
      path: '/gists/{gistId}',
      restPath: '/v1/gists/{gistid}',
      summary: '',
      parameters: [gistId],
      responses: [{ status: '200', content: [json] }],
      success: { status: 200, schema: { type: 'object' } },
      security: [],
    })
  })

  test('replaces a header of its path, whatever the case of its name, and no other parameter', () => {
    const name = (place: string, spelled: string) => ({
      name: spelled,
      in: place,
      schema: { type: 'string' },
    })
    const parameters = [name('header', 'x-id'), name('query', 'id')]
    const item = { get: { ...least, parameters }, parameters: [name('header', 'X-Id'), name('query', 'Id')] }
    const read = readWith({}, { paths: { '/gists': item } })
    const names = read?.parameters.map((one) => `${one.in} ${one.name}`)
    expect(names).toEqual(['header x-id', 'query Id', 'query id'])
  })

  test('that the MCP server leaves out has no tool', () => {
    expect(readWith({ 'x-mcp-tool': false })).not.toHaveProperty('tool')
    expect(readWith({ 'x-mcp-tool': { name: 'get-gist' } })).toHaveProperty('tool.name', 'get-gist')
  })

  test('has the parameters of its path, where it has none of the same name and place', () => {
    const shared = [
      { name: 'page', in: 'query', schema: { type: 'integer' } },
      { name: 'gistId', in: 'path', schema: { type: 'integer' } },
      { name: 'lost', in: 'path', schema: { type: 'integer' } },
    ]
    const own = [
      { name: 'page', in: 'query', schema: { type: 'string' } },
      { name: 'page', in: 'header', schema: { type: 'boolean' } },
    ]
    const item = { parameters: shared, get: { ...least, parameters: own } }
    const [operation] = readOperations(documentWith({}, { paths: { '/gists/{gistId}': item } }))
    expect(operation?.parameters.map(({ name, in: place, schema }) => [name, place, schema.type])).toEqual([
      ['page', 'query', 'string'],
      ['gistId', 'path', 'integer'],
      ['page', 'header', 'boolean'],
    ])
  })

  test('is read for every method of a path, in their order, and nothing else of the path', () => {
    const item = {
      summary: 'Gists',
      parameters: [],
      delete: { ...least, operationId: 'deletegist' },
      get: least,
    }
    const operations = readOperations(documentWith({}, { paths: { '/gists': item } }))
    expect(operations.map(({ method, id }) => `${method} ${id}`)).toEqual([
      'GET getgist',
      'DELETE deletegist',
    ])
  })

  test('has the schemas that its references name', () => {
    const parameters = [
      { name: 'gistId', in: 'path', required: true, schema: { $ref: '#/components/schemas/Id' } },
    ]
    const requestBody = { content: { 'application/json': { schema: { $ref: '#/components/schemas/Id' } } } }
    const operation = readWith({ parameters, requestBody })
    const schema = { type: ['string', 'null'] }
    expect(operation?.parameters).toEqual([
      {
        name: 'gistId',
        in: 'path',
        required: true,
        description: '',
        schema,
        style: 'simple',
        explode: false,
      },
    ])
    expect(operation?.body).toMatchObject({ required: false, schema })
  })

  test('has a body of every media type, JSON first', () => {
    const types = ['text/plain', 'image/*', 'multipart/form-data', 'application/x-www-form-urlencoded']
    const content = Object.fromEntries(
      [...types, 'Application/Merge-Patch+JSON; v=1'].map((type) => [type, {}]),
    )
    expect(
      readWith({ requestBody: { content } })?.body?.content.map(({ type, kind }) => [type, kind]),
    ).toEqual([
      ['application/merge-patch+json', 'json'],
      ['text/plain', 'text'],
      ['image/*', 'bytes'],
      ['multipart/form-data', 'multipart'],
      ['application/x-www-form-urlencoded', 'form'],
    ])
  })

  test.each([
    ['nothing', undefined, 200, {}],
    ['errors alone', { 404: answer }, 200, {}],
    ['a range', { '2XX': answer }, 200, { type: 'object' }],
    ['a default', { default: answer }, 200, { type: 'object' }],
    ['no content', { 202: { description: 'Later' } }, 202, {}],
    ['text', { 200: { content: { 'text/csv': { schema: { type: 'string' } } } } }, 200, {}],
    ['JSON behind nothing', { 204: { description: 'Gone' }, 201: answer }, 201, { type: 'object' }],
    ['a reference to nothing', { 200: { $ref: '#/components/responses/None' } }, 200, {}],
  ])('that describes of its responses %s allows any success', (_title, responses, status, schema) => {
    expect(readWith({ responses })?.success).toEqual({ status, schema })
  })

  test('is read for every method but TRACE', () => {
    const item = {
      ...Object.fromEntries(
        ['head', 'options', 'trace', 'query'].map((one) => [one, { ...least, operationId: one }]),
      ),
      additionalOperations: { PURGE: { ...least, operationId: 'purge' } },
    }
    const operations = readOperations(documentWith({}, { paths: { '/gists': item } }))
    expect(operations.map(({ method, id }) => [method, id])).toEqual([
      ['HEAD', 'head'],
      ['OPTIONS', 'options'],
      ['QUERY', 'query'],
      ['PURGE', 'purge'],
    ])
  })

  test('that cannot be read costs itself alone, where somebody is told', () => {
    const item = {
      get: least,
      put: { ...least, operationId: 7 },
      post: { ...least, parameters: [{ in: 'body' }] },
    }
    const reported: string[] = []
    const operations = readOperations(documentWith({}, { paths: { '/gists': item } }), (name) =>
      reported.push(name),
    )
    expect(operations.map(({ method }) => method)).toEqual(['GET'])
    expect(reported).toEqual(['POST /gists', 'PUT /gists'])
  })

  test('without an exposed path is exposed at its own', () => {
    expect(readWith({ 'x-rest-path': undefined })?.restPath).toBe('/gists/{gistId}')
  })

  test('whose success has no content has a schema that says nothing', () => {
    expect(readWith({ responses: { 404: answer, 204: { description: 'Gone' } } })?.success).toEqual({
      status: 204,
      schema: {},
    })
  })

  test.each([
    ['get', {}, { readOnlyHint: true }],
    ['head', {}, { readOnlyHint: true }],
    ['put', {}, { idempotentHint: true }],
    ['delete', { destructiveHint: true }, { idempotentHint: true, destructiveHint: true }],
    ['post', {}, {}],
    ['get', { readOnlyHint: false, openWorldHint: false }, { readOnlyHint: false, openWorldHint: false }],
  ])('has its tool, with hints by the method %s where %j says nothing', (method, annotations, hints) => {
    const tool = { name: 'gist', title: 'Gist', description: 'Gists.', arguments: { gistId: 'id' } }
    const paths = { '/gists': { [method]: { operationId: 'a', 'x-mcp-tool': { ...tool, annotations } } } }
    const [operation] = readOperations(documentWith({}, { paths }))
    expect(operation?.tool).toEqual({ ...tool, annotations: hints })
  })

  test('says how to recover and whether it spends what it carries', () => {
    expect(readWith({ 'x-recovery': 'Read it again.', 'x-single-use': true })).toMatchObject({
      recovery: 'Read it again.',
      singleUse: true,
    })
  })

  test.each([
    ['no id', { operationId: undefined }, 'GET /gists/{gistId} has no operationId'],
    ['an unknown place', { parameters: [{ name: 'a', in: 'mind' }] }, 'the parameter a is in mind'],
    ['a reference to nothing', { parameters: [{ $ref: '#/components/parameters/Id' }] }, 'leads nowhere'],
  ])('with %s is refused', (_title, members, reason) => {
    expect(() => readWith(members)).toThrow(reason)
  })
})
