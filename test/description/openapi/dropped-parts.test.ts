import { expect, test } from 'vitest'
import { describeApi, listOperations, load, loadSound } from '../loading.ts'

const responses = { default: { description: 'Any response.' } }

/** The problems of one document, as `line: severity: message; expected`. */
async function check(document: object): Promise<string[]> {
  const { problems } = await load({ 'shop.json': document })
  return problems.map((one) => `${one.line}: ${one.severity}: ${one.message}; ${one.expected}`)
}

test('what the API sends by itself is told: webhooks once, and the callbacks of each operation', async () => {
  const callbacks = { done: { '{$request.body#/url}': { post: { responses } } } }
  const document = describeApi(
    { '/a': { post: { responses, callbacks } }, '/b': { post: { responses, callbacks: {} } } },
    { webhooks: { made: { post: { responses } }, gone: { post: { responses } } } },
  )
  expect(await check(document)).toEqual([
    '15: warning: POST /a is served without its callbacks; none: the API sends them itself, past the gateway',
    '41: warning: the webhooks are not served; none: the API sends them itself, past the gateway',
  ])
  const { document: served } = await load({ 'shop.json': document })
  expect(JSON.stringify(served)).not.toMatch(/callbacks|webhooks/)
  await loadSound(describeApi({ '/a': { get: { responses } } }, { webhooks: {} }))
})

test('a scheme whose credential is sent in no request is told, and other schemes are not', async () => {
  const securitySchemes = {
    login: {
      type: 'oauth2',
      flows: { clientCredentials: { tokenUrl: 'https://example.org/token', scopes: {} } },
    },
    open: { type: 'openIdConnect', openIdConnectUrl: 'https://example.org/.well-known' },
    digest: { type: 'http', scheme: 'digest' },
    tls: { type: 'mutualTLS' },
    nameless: { type: 'apiKey', in: 'header' },
    body: { type: 'apiKey', in: 'body', name: 'key' },
  }
  const document = describeApi(
    { '/a': { get: { responses, security: [{ login: [] }] } } },
    { components: { securitySchemes } },
  )
  expect((await check(document)).map((one) => one.replace(/^\d+: /, ''))).toEqual(
    ['tls', 'nameless', 'body'].map(
      (name) =>
        `warning: the security scheme "${name}" puts no credential into a request; http, oauth2, openIdConnect, or an apiKey with a name in header, query or cookie`,
    ),
  )
})

test('a style that the place of a parameter does not have is told, and the usual one is used', async () => {
  const parameters = [
    { name: 'a', in: 'query', style: 'simple', schema: { type: 'array' } },
    { name: 'b', in: 'header', style: 'form', schema: { type: 'array' } },
    { name: 'c', in: 'query', style: 'pipeDelimited', schema: { type: 'array' } },
    { name: 'd', in: 'cookie', style: 'cookie', schema: { type: 'array' } },
  ]
  expect(await check(describeApi({ '/a': { get: { parameters, responses } } }))).toEqual([
    '11: warning: the query parameter "a" of GET /a is not written in style simple; one of form, spaceDelimited, pipeDelimited, deepObject',
    '19: warning: the header parameter "b" of GET /a is not written in style form; one of simple',
  ])
})

test('a parameter whose content has several types is written in the first, and the others are told', async () => {
  const content = { 'application/json': { schema: { type: 'object' } }, 'text/plain': {} }
  const document = describeApi({
    '/a': { get: { parameters: [{ name: 'a', in: 'query', content }], responses } },
  })
  expect(await check(document)).toEqual([
    '11: warning: the query parameter "a" of GET /a is written in application/json alone; one media type',
  ])
})

test('a server without an address is told where it stands, at the document, a path or an operation', async () => {
  const servers = [{ url: 'https://{host}/v1', variables: { host: {} } }]
  const paths = { '/a': { get: { responses, servers } }, '/b': { servers, get: { responses } } }
  const { problems, document } = await load(
    { 'shop.json': describeApi(paths, { servers: [{ url: 'https://api.example.org' }] }) },
    { baseUrls: new Map() },
  )
  const lines = problems.map(({ line, message }) => `${line}: ${message}`)
  expect(lines).toEqual([
    '9: the server https://{host}/v1 needs a value of host',
    '34: the server https://{host}/v1 needs a value of host',
  ])
  expect(Object.keys(listOperations({ problems, ...(document && { document }) }))).toEqual([
    'get /a',
    'get /b',
  ])
})

test('a pattern that is none is told where it stands, and one that is repaired is looked into', async () => {
  const schema = (pattern: string) => ({ type: 'string', pattern })
  const schemas = {
    none: schema('[a-'),
    name: { type: 'object', patternProperties: { '(': {} } },
    flags: schema('(?i)^a$'),
    escaped: schema('^a\\@b$'),
    slow: schema('(?=\\@)(a+)+$'),
  }
  const paths = { '/a': { get: { responses } } }
  expect(await check(describeApi(paths, { components: { schemas } }))).toEqual([
    '22: warning: the pattern [a- is not checked; a regular expression of JavaScript',
    '27: warning: the pattern ( is not checked; a regular expression of JavaScript',
    '32: warning: the pattern (?i)^a$ is not checked; a regular expression of JavaScript',
    '40: warning: the pattern (?=\\@)(a+)+$ may take very long for some texts; one without lookaround, backreferences and repetitions over 1,000 of a group',
  ])
})
