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

test('a configured key stands in for the secret where the upstream takes one, and nowhere else', () => {
  const served = describeDeployment(document, {
    configured: { ...nothing, secrets: { apiKey: 'planted' } },
    isGuarded: false,
    reserved: [],
  })
  for (const { operationId, parameters, security } of readOperations(served)) {
    const isRefresh = operationId === 'oauthflowcontrollerrefreshtokens'
    const secret = parameters.find(({ name }: { name: string }) => name === 'x-cal-secret-key')
    expect([secret.required, security]).toEqual([isRefresh, isRefresh ? [{ secretKey: [] }] : [{}]])
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
