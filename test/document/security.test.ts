import { describe, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { type Operation, readOperations } from '../../src/document/operations.ts'
import { readSecuritySchemes, reserveHeaders } from '../../src/document/security.ts'

const securitySchemes = {
  header: { type: 'apiKey', in: 'header', name: 'X-Key', description: 'A key.' },
  query: { type: 'apiKey', in: 'query', name: 'key' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'session' },
  bearer: { type: 'http', scheme: 'Bearer', 'x-configured-only': true },
  basic: { type: 'http', scheme: 'basic' },
  oauth: { type: 'oauth2', flows: {} },
  openId: { type: 'openIdConnect', openIdConnectUrl: 'https://id.example.org' },
  digest: { type: 'http', scheme: 'digest' },
  token: { type: 'http', scheme: 'bearer', 'x-env': { prefix: 'Token ' } },
  oauthToken: { type: 'oauth2', flows: {}, 'x-env': { value: 'T', prefix: 'token ' } },
  hmac: { type: 'http', scheme: 'hmac', 'x-env': { prefix: 'HMAC ' } },
  // RFC 7617 says how user and password are sent.
  login: { type: 'http', scheme: 'Basic', 'x-env': { prefix: 'Token ' } },
  tls: { type: 'mutualTLS' },
  nameless: { type: 'apiKey', in: 'header' },
}

function readWith(security: unknown, parameters: unknown[] = [], shared?: unknown): Operation {
  const document: OpenApiDocument = {
    openapi: '3.0.3',
    security: shared,
    paths: {
      '/gists': {
        get: { operationId: 'gists', 'x-rest-path': '/gists', security, parameters, responses: { 200: {} } },
      },
    },
    components: { securitySchemes },
  }
  const [operation] = readOperations(document)
  if (!operation) throw new Error('no operation')
  return operation
}

const namesOf = ({ security }: Operation) => security.map((one) => one.map(({ name }) => name))

test('each scheme says where its credential stands and what stands before it', () => {
  const document = { openapi: '3.0.3', paths: {}, components: { securitySchemes } }
  const read = readSecuritySchemes(document).map((one) => [
    one.name,
    `${one.in} ${one.key}: ${one.prefix}`,
    one.configuredOnly,
  ])
  expect(read).toEqual([
    ['header', 'header X-Key: ', false],
    ['query', 'query key: ', false],
    ['cookie', 'cookie session: ', false],
    ['bearer', 'header Authorization: Bearer ', true],
    ['basic', 'header Authorization: Basic ', false],
    ['oauth', 'header Authorization: Bearer ', false],
    ['openId', 'header Authorization: Bearer ', false],
    ['digest', 'header Authorization: ', false],
    ['token', 'header Authorization: Token ', false],
    ['oauthToken', 'header Authorization: token ', false],
    ['hmac', 'header Authorization: HMAC ', false],
    ['login', 'header Authorization: Basic ', false],
  ])
})

describe('the security of an operation', () => {
  test.each<[string, unknown[], string[][]]>([
    ['alternatives in their order', [{ header: [] }, { bearer: [] }], [['header'], ['bearer']]],
    ['schemes that are needed together', [{ header: [], query: [] }], [['header', 'query']]],
    ['an alternative that needs nothing', [{}, { header: [] }], [[], ['header']]],
    ['no alternative at all', [], []],
    ['what stands in the connection alone', [{ tls: [] }], [[]]],
    ['a scheme that nobody describes', [{ toString: [] }, { header: [] }], [['header']]],
  ])('has %s', (_title, security, expected) => {
    expect(namesOf(readWith(security))).toEqual(expected)
  })

  test('is that of the document where it has none of its own', () => {
    expect(namesOf(readWith(undefined, [], [{ header: [] }]))).toEqual([['header']])
    expect(namesOf(readWith([], [], [{ header: [] }]))).toEqual([])
  })
})

describe('the credentials that clients can bring', () => {
  test('are parameters, those that only the operator configures are not', () => {
    const { parameters } = readWith([{ header: [], query: [] }, { bearer: [] }])
    expect(parameters).toMatchObject([
      { name: 'X-Key', in: 'header', required: false, isCredential: true, description: 'A key.' },
      { name: 'key', in: 'query', required: false, isCredential: true },
    ])
  })

  test('keep what the document says of them as parameters, and its spelling', () => {
    const own = { name: 'x-key', in: 'header', required: true, schema: { type: 'string', maxLength: 9 } }
    const { parameters, security } = readWith([{ header: [] }], [own])
    expect(parameters).toMatchObject([{ name: 'x-key', isCredential: true, schema: { maxLength: 9 } }])
    expect(security).toMatchObject([[{ key: 'x-key' }]])
  })

  test('are one parameter where several schemes have the same header', () => {
    const { parameters } = readWith([{ basic: [] }, { oauth: [] }])
    expect(parameters.map(({ name }) => name)).toEqual(['Authorization'])
  })

  test('are none in a header that the gateway reads for itself', () => {
    const operation = reserveHeaders(readWith([{ basic: [] }, { header: [] }]), ['authorization'])
    expect(operation.parameters.map(({ name }) => name)).toEqual(['X-Key'])
    expect(operation.security.flat().map(({ configuredOnly }) => configuredOnly)).toEqual([true, false])
  })

  test('are none in such a header where no scheme names it either', () => {
    const own = { name: 'AUTHORIZATION', in: 'header', required: true, schema: { type: 'string' } }
    const operation = readWith([], [own])
    expect(operation.parameters.map(({ name }) => name)).toEqual(['AUTHORIZATION'])
    expect(reserveHeaders(operation, ['authorization']).parameters).toEqual([])
  })
})
