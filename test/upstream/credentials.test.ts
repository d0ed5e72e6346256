import { describe, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { type Operation, readOperations } from '../../src/document/operations.ts'
import { unwatchedConnection } from '../../src/upstream/client.ts'
import {
  type ConfiguredCredentials,
  createCredentialSource,
  findCredentials,
  noCredentials,
} from '../../src/upstream/credentials.ts'
import { refuseWithoutCredentials } from '../../src/upstream/missing-credentials.ts'
import { createCallWriter } from '../../src/upstream/request.ts'

const securitySchemes = {
  secret: { type: 'apiKey', in: 'header', name: 'x-secret' },
  app: { type: 'apiKey', in: 'query', name: 'app' },
  session: { type: 'apiKey', in: 'cookie', name: 'sid' },
  jar: { type: 'apiKey', in: 'header', name: 'Cookie' },
  bearer: { type: 'http', scheme: 'bearer' },
  key: { type: 'http', scheme: 'bearer', 'x-configured-only': true },
  basic: { type: 'http', scheme: 'basic' },
}

function readWith(security: unknown, parameters: unknown[] = []): Operation {
  const get = { operationId: 'get', 'x-rest-path': '/get', security, parameters, responses: { 200: {} } }
  const document: OpenApiDocument = {
    openapi: '3.0.3',
    paths: { '/get': { get } },
    components: { securitySchemes },
  }
  const [operation] = readOperations(document)
  if (!operation) throw new Error('no operation')
  return operation
}

interface Brought {
  readonly header?: Record<string, string>
  readonly query?: Record<string, string>
}

function find(
  security: unknown,
  { header = {}, query = {} }: Brought,
  secrets: ConfiguredCredentials['secrets'],
) {
  const found = findCredentials(readWith(security), { path: {}, query, header }, { secrets, pins: {} })
  return found && { ...found.headers, ...found.query, ...found.cookies }
}

const either = [{ secret: [] }, { key: [] }]

describe('the credentials of a call', () => {
  test.each([
    ['none where none is needed', [], {}, {}, {}],
    ['none by an alternative that needs none', [{ secret: [] }, {}], {}, {}, {}],
    ['the one that the client brings', either, { header: { 'x-secret': 'own' } }, {}, { 'x-secret': 'own' }],
    [
      'the one that the client brings before a configured one',
      either,
      { header: { 'x-secret': 'own' } },
      { secret: 'planted', key: 'planted' },
      { 'x-secret': 'own' },
    ],
    ['a configured one', either, {}, { secret: 'planted' }, { 'x-secret': 'planted' }],
    ['the first that is configured', either, {}, { key: 'k', secret: 's' }, { 'x-secret': 's' }],
    ['a configured one where none is needed', [{}, { secret: [] }], {}, { secret: 's' }, { 'x-secret': 's' }],
    ['none where none is configured', [{}, { secret: [] }], {}, {}, {}],
    [
      'a brought one where none is needed',
      [{}, { secret: [] }, { key: [] }],
      { header: { 'x-secret': 'own' } },
      { key: 'k' },
      { 'x-secret': 'own' },
    ],
    ['that of another alternative', either, {}, { key: 'k' }, { authorization: 'Bearer k' }],
    [
      'all of an alternative, brought and configured together',
      [{ secret: [], app: [] }],
      { header: { 'x-secret': 'own' } },
      { app: 'a' },
      { 'x-secret': 'own', app: 'a' },
    ],
    ['one in a cookie', [{ session: [] }], {}, { session: 's' }, { sid: 's' }],
    ['one brought in the query', [{ app: [] }], { query: { app: 'own' } }, {}, { app: 'own' }],
    [
      'user and password in Base64',
      [{ basic: [] }],
      {},
      { basic: 'ada:pass' },
      { authorization: 'Basic YWRhOnBhc3M=' },
    ],
    [
      'a bearer whose scheme is spelled otherwise',
      [{ bearer: [] }],
      { header: { Authorization: 'bearer own' } },
      {},
      { authorization: 'Bearer own' },
    ],
  ])('are %s', (_title, security, brought, secrets, expected) => {
    expect(find(security, brought, secrets)).toEqual(expected)
  })

  test.each([
    ['nobody has one', either, {}, {}],
    ['the one that was brought is not complete', [{}, { secret: [], app: [] }], { query: { app: 'a' } }, {}],
    ['an empty one was brought', either, { header: { 'x-secret': '' } }, { secret: 's', key: 'k' }],
    ['one of two that are needed together is missing', [{ secret: [], app: [] }], {}, { secret: 's' }],
    [
      'the client brings one that only the operator configures',
      [{ key: [] }],
      { header: { Authorization: 'Bearer own' } },
      {},
    ],
    [
      'the client brings another scheme',
      [{ bearer: [] }],
      { header: { Authorization: 'Basic own' } },
      { bearer: 'b' },
    ],
  ])('are missing where %s', (_title, security, brought, secrets) => {
    expect(find(security, brought, secrets)).toBe(undefined)
  })

  test('are headers in lower case, cookies among them', () => {
    const configured = { secrets: { key: 'k', session: 's' }, pins: {} }
    const operation = readWith([{ key: [], session: [] }])
    const input = { path: {}, query: {}, header: {} }
    const credentials = findCredentials(operation, input, configured) ?? noCredentials
    const call = { input, credentials, principal: '', connection: unwatchedConnection }
    const { headers } = createCallWriter(operation, configured)(call)
    expect(headers).toMatchObject({ authorization: 'Bearer k', cookie: 'sid=s' })
  })

  test('stand behind the cookies of the call, in whatever way they are cookies', () => {
    const configured = { secrets: { jar: 'own=o', session: 's' }, pins: {} }
    const operation = readWith([{ jar: [], session: [] }], [{ name: 'lang', in: 'cookie' }])
    const input = { path: {}, query: {}, header: {}, cookie: { lang: 'de' } }
    const credentials = findCredentials(operation, input, configured) ?? noCredentials
    const call = { input, credentials, principal: '', connection: unwatchedConnection }
    const { headers } = createCallWriter(operation, configured)(call)
    expect(headers.cookie).toBe('lang=de; own=o; sid=s')
  })
})

test('the secrets of a call are its own without their scheme, and all that are configured as they could be sent', () => {
  const input = { path: {}, query: {}, header: { Authorization: 'Bearer own-token' } }
  const configured = { secrets: { secret: 'planted', basic: 'ada:password' }, pins: {} }
  const operation = readWith([{ bearer: [] }])
  const credentials = findCredentials(operation, input, configured) ?? noCredentials
  const write = createCallWriter(operation, configured)
  const { context } = write({ input, credentials, principal: '', connection: unwatchedConnection })
  expect(context.listSecrets().toSorted()).toEqual(
    ['own-token', 'planted', 'ada:password', btoa('ada:password'), 'password'].toSorted(),
  )
})

test('over stdio the process has what it was configured with, in the form of its header', () => {
  const source = createCredentialSource({ basic: 'ada:pass' })
  const { security } = readWith([{ secret: [] }, { basic: [] }])
  const authorization = { in: 'header', name: 'Authorization' } as const
  const own = [source(authorization, security), source({ in: 'header', name: 'x-secret' }, security)]
  expect(own).toEqual(['Basic YWRhOnBhc3M=', undefined])
  expect(source(authorization, readWith([{ bearer: [] }]).security)).toBeUndefined()
  expect(source({ in: 'query', name: 'Authorization' }, security)).toBeUndefined()
})

test.each([
  [[{ secret: [] }, { key: [] }], 'Send the credential as the header `x-secret`.', 'x-secret'],
  [[{ bearer: [] }], 'Send the credential as the header `Authorization: Bearer …`.', 'Bearer'],
  [
    [{ app: [] }, { basic: [] }],
    'Send the credential as the query parameter `app`, or as the header `Authorization: Basic …`.',
    'ApiKey',
  ],
  [
    [{ app: [], secret: [] }, { session: [], key: [] }, {}],
    'Send the credential as the header `x-secret` and another as the query parameter `app`, or as the cookie `sid`.',
    'x-secret',
  ],
  [
    [{ bearer: [] }, { basic: [] }],
    'Send the credential as the header `Authorization: Bearer …`, or as the header `Authorization: Basic …`.',
    'Bearer',
  ],
])('a call without the credentials of %j is told how to send them', (security, sentence, challenge) => {
  const { code, message, headers } = refuseWithoutCredentials(readWith(security), { secrets: {}, pins: {} })
  expect([code, message, headers['www-authenticate']]).toEqual(['missing_credentials', sentence, challenge])
})

test.each([
  [[{ app: [], secret: [] }], 'Send the credential as the query parameter `app`.'],
  [[{ secret: [] }, { app: [], secret: [] }], 'Send the credential as the query parameter `app`.'],
  // It was brought, without a value.
  [[{ secret: [] }], 'Send the credential as the header `x-secret`.'],
])(
  'a call without the credentials of %j is not told to send one that is configured',
  (security, sentence) => {
    const configured = { secrets: { secret: 'planted' }, pins: {} }
    expect(refuseWithoutCredentials(readWith(security), configured).message).toBe(sentence)
  },
)
