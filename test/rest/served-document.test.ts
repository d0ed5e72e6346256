import { expect, test } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { describeDeployment } from '../../src/rest/served-document.ts'

const document = readDocument()
const configured = { secrets: { secretKey: 'planted' }, pins: { clientId: 'cm9demo' } }
const nothing = { secrets: {}, pins: {} }

function readOperations(served: typeof document) {
  return Object.values(served.paths).flatMap((item) => Object.values(item).map((one) => Object(one)))
}

test('a pass-through gateway serves the document without the credentials that no client can bring', () => {
  const served = describeDeployment(document, { configured: nothing, isGuarded: false, reserved: [] })
  for (const { security } of readOperations(served)) expect(security).toEqual([{ secretKey: [] }])
  expect(Object.keys(Object(served.components).securitySchemes)).toEqual(['secretKey'])
  const operations = readOperations(document).map(({ security: _, responses: __, ...others }) => others)
  expect(readOperations(served).map(({ security: _, responses: __, ...others }) => others)).toEqual(
    operations,
  )
})

test('every operation describes what its requests can get before it is looked at', () => {
  const served = readOperations(
    describeDeployment(document, { configured: nothing, isGuarded: false, reserved: [] }),
  )
  for (const [index, { responses }] of readOperations(document).entries()) {
    expect(Object.keys(served[index].responses)).toEqual(expect.arrayContaining(['408', '414', '431']))
    expect(served[index].responses).toMatchObject(responses)
  }
})

test('a configured secret is required of nobody, its client is the default, and it is nowhere told', () => {
  const served = describeDeployment(document, { configured, isGuarded: false, reserved: [] })
  for (const { parameters, security } of readOperations(served)) {
    expect(parameters.find(({ name }: { name: string }) => name === 'x-cal-secret-key').required).toBe(false)
    const client = parameters.find(({ name }: { name: string }) => name === 'clientId')
    expect(client).toMatchObject({
      required: true,
      schema: { default: 'cm9demo', pattern: '^[A-Za-z0-9_-]{1,64}$' },
    })
    expect(security).toEqual([{}])
  }
  expect(JSON.stringify(served)).not.toContain('planted')
})

test('the value of a parameter that is pinned is of its type', () => {
  const reference = { $ref: '#/components/schemas/Id' }
  const schemas = [
    { type: 'integer' },
    reference,
    { allOf: [reference] },
    { type: 'array', items: reference },
  ]
  const served = describeDeployment(
    {
      openapi: '3.1.0',
      components: { schemas: { Id: { type: 'integer' } } },
      paths: Object.fromEntries(
        schemas.map((schema, index) => {
          const pinned = { name: 'clientId', in: 'query', 'x-pin': {}, schema }
          return [`/${index}`, { get: { parameters: [pinned], responses: {} } }]
        }),
      ),
    },
    { configured: { secrets: {}, pins: { clientId: '42' } }, isGuarded: false, reserved: [] },
  )
  const told = readOperations(served).map(({ parameters }) => parameters[0].schema.default)
  expect(told).toEqual([42, 42, 42, [42]])
})

test('a configured key stands in for the secret where the upstream takes one, and nowhere else', () => {
  const served = describeDeployment(document, {
    configured: { ...nothing, secrets: { apiKey: 'planted' } },
    isGuarded: false,
    reserved: [],
  })
  for (const { operationId, parameters, security } of readOperations(served)) {
    const isRefresh = operationId === 'oauthflowcontrollerrefreshtokens'
    const secret = parameters.find(({ name }: { name: string }) => name === 'x-cal-secret-key')
    const own = { secretKey: [] }
    expect([secret.required, security]).toEqual([isRefresh, isRefresh ? [own] : [own, {}]])
  }
  expect(JSON.stringify(served)).not.toContain('planted')
})

test.each([
  [nothing, [{ secretKey: [], gatewayCredential: [] }]],
  [configured, [{ gatewayCredential: [] }]],
])('a guarded server asks for a bearer credential beside what %j leaves open', (credentials, expected) => {
  const served = describeDeployment(document, {
    configured: credentials,
    isGuarded: true,
    reserved: ['authorization'],
  })
  expect(Object(served.components).securitySchemes.gatewayCredential).toMatchObject({ scheme: 'bearer' })
  expect(readOperations(served)[0]?.security).toEqual(expected)
})

test.each([
  ['needs nothing of the API', []],
  ['needs what only the operator can configure', [{ bearer: [] }]],
])('a guarded server asks for its own credential where an operation %s', (_which, security) => {
  const served = describeDeployment(
    {
      ...document,
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      paths: { '/a': { get: { security, responses: {} } } },
    },
    { configured: nothing, isGuarded: true, reserved: ['authorization'] },
  )
  expect(readOperations(served)[0]?.security).toEqual([{ gatewayCredential: [] }])
})

test('operations of other methods are described as those of any method', () => {
  const operation = { security: [{ secretKey: [] }], responses: { 200: { description: 'Done' } } }
  const item = { get: operation, additionalOperations: { COPY: operation, LINK: operation } }
  const served = describeDeployment(
    { ...document, paths: { '/a': item } },
    { configured: nothing, isGuarded: true, reserved: ['authorization'] },
  )
  const { get, additionalOperations } = Object(served.paths['/a'])
  expect(get.security).toEqual([{ secretKey: [], gatewayCredential: [] }])
  expect(additionalOperations).toEqual({ COPY: get, LINK: get })
})

test.each([
  ['where the gateway reads it for itself', { isGuarded: true, reserved: ['authorization'] }, []],
  ['where the app around it does', { isGuarded: false, reserved: ['authorization'] }, []],
  ['elsewhere', { isGuarded: false, reserved: [] }, ['authorization']],
])('a parameter in Authorization stands in the document, or not, %s', (_where, deployment, names) => {
  const parameters = [{ name: 'authorization', in: 'header', required: true, schema: { type: 'string' } }]
  const paths = { '/a': { get: { parameters, responses: {} } } }
  const served = describeDeployment({ ...document, paths }, { configured: nothing, ...deployment })
  const [operation] = readOperations(served)
  expect(operation?.parameters.map(({ name }: { name: string }) => name)).toEqual(names)
})

test.each([
  ['that are optional', [{ key: [] }, {}], {}, [{ key: [] }, {}]],
  ['beside those that are configured', [{ key: [], 'x-other': [] }], { key: 'planted' }, [{ 'x-other': [] }]],
  [
    'that clients may bring instead',
    [{ key: [] }, { 'x-other': [] }],
    { key: 'planted' },
    [{}, { 'x-other': [] }],
  ],
  [
    'once, of alternatives that have become the same,',
    [{ key: [] }, { 'x-third': [] }, { 'x-other': [] }],
    { key: 'planted', 'x-third': 'planted' },
    [{}, { 'x-other': [] }],
  ],
])('credentials %s stay in the document', (_which, security, secrets, expected) => {
  const scheme = { type: 'apiKey', in: 'header', name: 'X-Key' }
  const served = describeDeployment(
    {
      ...document,
      components: { securitySchemes: { key: scheme, 'x-other': scheme, 'x-third': scheme } },
      paths: { '/a': { get: { security, responses: {} } } },
    },
    { configured: { ...nothing, secrets }, isGuarded: false, reserved: [] },
  )
  expect(readOperations(served)[0]?.security).toEqual(expected)
})

test('extensions of others, and what only the operator is told, stand nowhere in the document', () => {
  const own = { 'x-mcp-tool': { name: 'get', 'x-inner': 1 }, 'x-scope': 'a:read' }
  const address = { 'x-base-url': 'https://planted.example.org', 'x-constant-headers': { 'X-A': 'planted' } }
  const discriminator = { propertyName: 'x-name', mapping: { 'x-a': '#/components/schemas/x-schema' } }
  const integration = { uri: 'http://10.0.0.7:8080', credentials: 'planted' }
  const others = { 'x-amazon-apigateway-integration': integration, 'x-internal': 'planted' }
  const schema = {
    type: 'object',
    properties: { 'x-name': { type: 'string', 'x-secret': true, ...others } },
    example: { 'x-name': 'kept' },
    dependentRequired: { 'x-part': ['x-name'] },
    discriminator: { ...discriminator, ...others },
    ...others,
  }
  const responses = {
    200: {
      description: 'Done',
      headers: { 'X-Total': { schema } },
      content: { 'x-own/type': { schema } },
      ...others,
    },
  }
  const get = {
    ...own,
    ...address,
    ...others,
    parameters: [{ name: 'a', in: 'query', schema, ...others }],
    responses,
  }
  const key = { type: 'apiKey', in: 'header', name: 'X-Key', 'x-env': { value: 'planted' } }
  const served = describeDeployment(
    {
      ...{
        openapi: '3.1.0',
        info: { title: 'A', version: '1', ...others },
        'x-name': 'a',
        ...address,
        ...others,
      },
      'x-files': { 'x-file.yaml': { Part: schema } },
      components: { schemas: { 'x-schema': schema }, securitySchemes: { 'x-key': key } },
      paths: { '/a': { get: { ...get, security: [{ 'x-key': [] }] } } },
    },
    { configured: nothing, isGuarded: false, reserved: [] },
  )
  const text = JSON.stringify(served)
  expect(text).not.toMatch(/planted|x-amazon|x-internal|x-env|x-base-url/)
  const shown = {
    type: 'object',
    properties: { 'x-name': { type: 'string', 'x-secret': true } },
    example: { 'x-name': 'kept' },
    dependentRequired: { 'x-part': ['x-name'] },
    discriminator,
  }
  expect(served).toMatchObject({
    'x-name': 'a',
    'x-files': { 'x-file.yaml': { Part: shown } },
    components: { schemas: { 'x-schema': shown } },
    paths: {
      '/a': { get: { ...own, security: [{ 'x-key': [] }], parameters: [{ name: 'a', schema: shown }] } },
    },
  })
  const { headers, content } = Object(served.paths['/a']).get.responses[200]
  expect([headers, content]).toEqual([{ 'X-Total': { schema: shown } }, { 'x-own/type': { schema: shown } }])
})
