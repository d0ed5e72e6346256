import { expect, test } from 'vitest'
import { readCapability } from '../../../src/description/capability/capability.ts'
import { deriveDocument } from '../../../src/description/capability/derivation.ts'
import { asRecord } from '../../../src/document/json.ts'

/** The parts of a capability that a case is about, as lists in YAML's flow style. */
interface Parts {
  readonly binds?: string
  readonly api?: string
  readonly resources: readonly string[]
  readonly routes?: readonly string[]
  readonly tools?: readonly string[]
}

/** Derives the document of a capability that has no problems but those expected, as `severity: message`. */
function derive(
  { binds = '', api = '', resources, routes = [], tools = [] }: Parts,
  expected: string[] = [],
) {
  const text = `naftiko: 1.0.0-alpha2
info: { label: Shop, description: A shop }
${binds}
capability:
  consumes:
  - { type: http, namespace: shop, ${api || "baseUri: ''"}, resources: [${resources.join(', ')}] }
  exposes:
  - { type: rest, namespace: shop-rest, port: 8080, resources: [${routes.join(', ')}] }
  - { type: mcp, namespace: shop-mcp, port: 9090, tools: [${tools.join(', ')}] }
`
  const { capability, problems } = readCapability(text, 'shop.yaml')
  expect(problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual(expected)
  if (!capability) throw new Error('the capability was refused')
  return deriveDocument(capability)
}

function get(document: object, path: string, method = 'get'): Readonly<Record<string, unknown>> {
  return asRecord(asRecord(asRecord(asRecord(document).paths)[path])[method])
}

test('a variable that nothing declares is a text, bound by its name or its position', () => {
  const document = derive({
    resources: ["{ path: '/teams/{team_id}/x/{other}', operations: [{ name: get, method: GET }] }"],
    routes: ["{ path: '/v1/teams/{team-id}/x/{id}', operations: [{ method: GET, call: shop.get }] }"],
    tools: ['{ name: get-team, call: shop.get }'],
  })
  expect(get(document, '/teams/{team_id}/x/{other}')).toMatchObject({
    'x-rest-path': '/v1/teams/{team-id}/x/{other}',
    'x-mcp-tool': { arguments: { team_id: 'team_id', other: 'other' } },
    parameters: [
      { name: 'team_id', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'other', in: 'path', required: true, schema: { type: 'string' } },
    ],
  })
})

test('a variable takes the name of the parameter that declares it', () => {
  const document = derive({
    resources: [
      "{ path: '/clients/{client_id}', operations: [{ name: get, method: GET, inputParameters: [{ name: clientId, in: path }] }] }",
    ],
    routes: [
      "{ path: '/v1/clients/{clientid}', operations: [{ method: GET, call: shop.get, with: { clientId: rest.clientId } }] }",
    ],
  })
  expect(get(document, '/clients/{clientId}')).toMatchObject({
    'x-rest-path': '/v1/clients/{clientid}',
    parameters: [{ name: 'clientId' }],
  })
})

test('variables whose names differ by case and separators alone stay two, and a constant is one of them', () => {
  const [one, other] = ['{ name: org-id, in: path }', '{ name: orgId, in: path }']
  const own = (parameters: string) =>
    `operations: [{ name: get, method: GET, inputParameters: [${parameters}] }]`
  const document = derive({
    resources: [
      `{ path: '/a/{org-id}/{orgId}', ${own(`${other}, ${one}`)} }`,
      `{ path: '/b/{org-id}/{orgId}', ${own(`{ name: orgId, in: path, value: x }, ${one}`).replace('get', 'pick')} }`,
    ],
    routes: [
      "{ path: '/v1/a/{x}/{y}', operations: [{ method: GET, call: shop.get, with: { org-id: rest.y, orgId: rest.x } }] }",
      "{ path: '/v1/b/{org_id}', operations: [{ method: GET, call: shop.pick }] }",
    ],
    tools: ['{ name: get-it, call: shop.get }'],
  })
  expect(get(document, '/a/{org-id}/{orgId}')).toMatchObject({
    'x-rest-path': '/v1/a/{orgId}/{org-id}',
    'x-mcp-tool': { arguments: { 'org-id': 'org-id', orgId: 'orgId' } },
    parameters: [{ name: 'orgId' }, { name: 'org-id' }],
  })
  expect(get(document, '/b/{org-id}/x')).toMatchObject({
    'x-rest-path': '/v1/b/{org_id}',
    parameters: [{ name: 'org-id' }],
  })
})

test('a variable keeps its spelling only where no other parameter has a name like it', () => {
  const document = derive({
    resources: [
      "{ path: '/a/{org-id}/{orgId}', operations: [{ name: get, method: GET, inputParameters: [{ name: orgId, in: path }, { name: org-id, in: path }] }] }",
    ],
    routes: [
      "{ path: '/v1/a/{orgId}/{org-id}', operations: [{ method: GET, call: shop.get, with: { org-id: rest.orgId, orgId: rest.org-id } }] }",
    ],
  })
  expect(get(document, '/a/{org-id}/{orgId}')).toMatchObject({ 'x-rest-path': '/v1/a/{org-id}/{orgId}' })
})

test('the second operation of a name gets a name of its own, and the second exposure', () => {
  const document = derive({
    resources: [
      '{ path: /a, operations: [{ name: get, method: GET }] }',
      '{ path: /b, operations: [{ name: get, method: GET }, { name: get, method: POST }] }',
    ],
    routes: [
      '{ path: /v1/b, operations: [{ method: POST, call: shop.get }, { method: GET, call: shop.get }] }',
      '{ path: /v1/a, operations: [{ method: GET, call: shop.get }] }',
    ],
    tools: [
      '{ name: get-a, call: shop.get }',
      '{ name: get-b, call: shop.get }',
      '{ name: post-b, call: shop.get }',
    ],
  })
  expect(
    [get(document, '/a'), get(document, '/b'), get(document, '/b', 'post')].map((one) => [
      one.operationId,
      one['x-rest-path'],
      asRecord(one['x-mcp-tool']).name,
    ]),
  ).toEqual([
    ['get', '/v1/a', 'get-a'],
    ['get-2', '/v1/b', 'get-b'],
    ['get-3', '/v1/b', 'post-b'],
  ])
})

test('two tools for one operation are both served', () => {
  const document = derive({
    resources: ['{ path: /a, operations: [{ name: get, method: GET }] }'],
    tools: ['{ name: get-a, call: shop.get }', '{ name: read-a, call: shop.get }'],
  })
  expect(Object.keys(document.paths)).toEqual(['/a', '/a#get-2'])
  expect(get(document, '/a#get-2')).toMatchObject({ operationId: 'get-2', 'x-mcp-tool': { name: 'read-a' } })
})

test.each([
  ['/Line Items', '/Line%20Items', '/v1/line-items'],
  ['/caf%C3%A9/é', '/caf%C3%A9/%C3%A9', '/v1/café'],
  ['/#Action=List', '/#Action=List', '/v1/action-list'],
  ['/things?draft=false', '/things?draft=false', '/v1/things'],
  ['/a/{id?}', '/a/{id?}', '/v1/a/{id?}'],
])('the path %j is the key %j', (path, key, exposed) => {
  const document = derive({
    resources: [`{ path: '${path}', operations: [{ name: list, method: GET }] }`],
    routes: [`{ path: '${exposed}', operations: [{ method: GET, call: shop.list }] }`],
  })
  expect(Object.keys(document.paths)).toEqual([key])
  expect(get(document, key)['x-rest-path']).toBe(exposed.replace('é', '%C3%A9'))
})

test('a variable in the query of a path is a query parameter, and beside it a constant stays', () => {
  const document = derive({
    resources: [
      "{ path: '/things?page={number}&draft=false', operations: [{ name: list, method: GET, inputParameters: [{ name: number, in: path, type: integer }] }] }",
    ],
    routes: ['{ path: /v1/things, operations: [{ method: GET, call: shop.list }] }'],
  })
  expect(get(document, '/things?draft=false').parameters).toEqual([
    { name: 'page', in: 'query', required: true, schema: { type: 'integer' } },
  ])
})

test('an object in the query is written member by member, an array and a header as they are', () => {
  const document = derive({
    resources: [
      '{ path: /things, operations: [{ name: list, method: HEAD, inputParameters: [{ name: filter, in: query, type: object }, { name: ids, in: query, type: array }, { name: X-Version, in: header, type: string }, { name: Authorization, in: header, type: string, required: true }] }] }',
    ],
    routes: ['{ path: /v1/things, operations: [{ method: HEAD, call: shop.list }] }'],
    tools: [
      '{ name: list, call: shop.list, with: { filter: tools.where, Authorization: tools.Authorization } }',
    ],
  })
  expect(get(document, '/things', 'head')).toMatchObject({
    'x-mcp-tool': { arguments: { filter: 'where', Authorization: 'Authorization' } },
    parameters: [
      { name: 'filter', style: 'deepObject', explode: true, schema: { type: 'object' } },
      { name: 'ids', schema: { type: 'array', items: {} } },
      { name: 'X-Version', in: 'header', schema: { type: 'string' } },
      { name: 'Authorization', in: 'header', schema: { type: 'string', format: 'password' } },
    ],
  })
})

test.each([
  ['object', 'application/json', { type: 'object' }],
  ['array', 'application/json', { type: 'array', items: {} }],
  ['string', 'text/plain', { type: 'string' }],
])('a body of type %s is %s, whatever its parameter is called', (type, mediaType, schema) => {
  const document = derive({
    resources: [
      `{ path: /things, operations: [{ name: add, method: OPTIONS, inputParameters: [{ name: _body, in: body, type: ${type}, required: true }] }] }`,
    ],
    routes: [
      '{ path: /v1/things, operations: [{ method: OPTIONS, call: shop.add, with: { _body: rest._body } }] }',
    ],
    tools: ['{ name: add, call: shop.add, with: { _body: tools._body } }'],
  })
  expect(get(document, '/things', 'options')).toMatchObject({
    'x-mcp-tool': { arguments: { body: '_body' } },
    requestBody: { required: true, content: { [mediaType]: { schema } } },
  })
})

test('two parameters of one name have two arguments', () => {
  const document = derive({
    resources: [
      "{ path: '/things/{id}', operations: [{ name: get, method: GET, inputParameters: [{ name: id, in: path, required: true }, { name: id, in: query }] }] }",
    ],
    tools: ['{ name: get, call: shop.get, with: { id: tools.id } }'],
  })
  expect(get(document, '/things/{id}')).toMatchObject({
    'x-mcp-tool': { arguments: { id: 'id', 'query.id': 'query_id' } },
  })
})

test('of two operations of one shape the second has a tool and no route', () => {
  const document = derive(
    {
      resources: [
        "{ path: '/things/{id}', operations: [{ name: byid, method: GET }] }",
        "{ path: '/things/{name}', operations: [{ name: byname, method: GET }] }",
        "{ path: '/things/{id}#more', operations: [{ name: more, method: GET }] }",
      ],
      routes: [
        "{ path: '/v1/things/{id}', operations: [{ method: GET, call: shop.byid }] }",
        "{ path: '/v1/things/{name}', operations: [{ method: GET, call: shop.byname }] }",
        "{ path: '/v1/things/{id}', operations: [{ method: GET, call: shop.more }] }",
      ],
      tools: [
        '{ name: by-id, call: shop.byid }',
        '{ name: by-name, call: shop.byname }',
        '{ name: more, call: shop.more }',
      ],
    },
    [
      'warning: GET /things/{name} sends the same request as the operation of line 6',
      'warning: GET /things/{id}#more sends the same request as the operation of line 6',
      'warning: the route GET /v1/things/{name} stands twice and is served once, as that of line 8',
      'warning: the route GET /v1/things/{id} stands twice and is served once, as that of line 8',
    ],
  )
  expect(
    Object.values(document.paths).map(({ get: one }) => [
      asRecord(one).operationId,
      asRecord(one)['x-rest-path'],
    ]),
  ).toEqual([
    ['byid', '/v1/things/{id}'],
    ['byname', undefined],
    ['more', undefined],
  ])
})

test.each([
  ['https://api.example.org/v1/', [{ url: 'https://api.example.org/v1' }]],
  ['', []],
  [
    'https://{domain}.example.org/rest',
    [{ url: 'https://{domain}.example.org/rest', variables: { domain: { default: '' } } }],
  ],
  [
    'https://{{domain}}.example.org',
    [{ url: 'https://{domain}.example.org', variables: { domain: { default: '' } } }],
  ],
])('the baseUri %j is a server', (baseUri, servers) => {
  const document = derive({
    api: `baseUri: '${baseUri}'`,
    resources: ['{ path: /a, operations: [{ name: get, method: GET }] }'],
    tools: ['{ name: get, call: shop.get }'],
  })
  expect(document.servers).toEqual(servers)
})

test.each([
  ["{ type: bearer, token: '{{env.T}}' }", { type: 'http', scheme: 'bearer', 'x-env': { value: 'T' } }],
  [
    "{ type: bearer, token: 'Bearer {{env.T}}' }",
    { type: 'http', scheme: 'bearer', 'x-env': { value: 'T' } },
  ],
  [
    "{ type: bearer, token: 'Bearer sk-{{env.T}}' }",
    { type: 'http', scheme: 'bearer', 'x-env': { value: 'T', prefix: 'Bearer sk-' } },
  ],
  [
    "{ type: bearer, token: '{{SHORT}}' }",
    { type: 'http', scheme: 'bearer', 'x-env': { value: 'SHOP_TOKEN' } },
  ],
  [
    "{ type: basic, username: '{{env.U}}', password: '{{env.P}}' }",
    { type: 'http', scheme: 'basic', 'x-env': { username: 'U', password: 'P' } },
  ],
  [
    "{ type: apikey, key: X-Key, value: '{{env.K}}', placement: header }",
    { type: 'apiKey', in: 'header', name: 'X-Key', 'x-env': { value: 'K' } },
  ],
  [
    "{ type: apikey, key: Authorization, value: 'Token {{env.K}}' }",
    { type: 'apiKey', in: 'header', name: 'Authorization', 'x-env': { value: 'K', prefix: 'Token ' } },
  ],
  [
    "{ type: apikey, key: key, value: '{{env.K}}', placement: query }",
    { type: 'apiKey', in: 'query', name: 'key', 'x-env': { value: 'K' } },
  ],
])('the authentication %s is a security scheme with the variables it names', (authentication, scheme) => {
  const document = derive(
    {
      binds: 'binds: [{ namespace: env, keys: { SHORT: SHOP_TOKEN } }]',
      api: `baseUri: '', authentication: ${authentication}`,
      resources: ['{ path: /a, operations: [{ name: get, method: GET }] }'],
    },
    authentication.includes('SHORT') ? [] : ['warning: the variable "SHORT" is used nowhere in this file'],
  )
  const [[name = ''] = []] = Object.entries(asRecord(asRecord(document.components).securitySchemes))
  expect(asRecord(asRecord(document.components).securitySchemes)[name]).toEqual(scheme)
  expect(get(document, '/a').security).toEqual([{ [name]: [] }])
})

test('credentials of one name that belong to several APIs are kept apart', () => {
  const key = (variable: string, place = 'header') =>
    `{ name: key, in: ${place}, value: '{{env.${variable}}}' }`
  const apis: [string, string[]][] = [
    ['cats', [key('CATS')]],
    ['dogs', [key('DOGS'), key('QUERY', 'query')]],
    ['owls', [key('CATS')]],
    ['dogs', [key('MORE')]],
  ]
  const consumes = apis.map(([name, keys], index) => {
    const operations = `[{ name: get, method: GET, inputParameters: [${keys.join(', ')}] }]`
    return `{ type: http, namespace: ${name}, baseUri: 'https://${name}.example.org', resources: [{ path: /${index}, operations: ${operations} }] }`
  })
  const { capability } = readCapability(
    `naftiko: 1.0.0
info: { label: Pets, description: Pets }
capability:
  consumes: [${consumes.join(', ')}]
  exposes: [{ type: mcp, namespace: pets, port: 9090, tools: [] }]
`,
    'pets.yaml',
  )
  if (!capability) throw new Error('the capability was refused')
  const document = deriveDocument(capability)
  const schemes = asRecord(asRecord(document.components).securitySchemes)
  const sent = apis.map((_, index) => {
    const names = Object.keys(asRecord([get(document, `/${index}`).security].flat()[0]))
    return names.map((name) => [name, asRecord(asRecord(schemes[name])['x-env']).value])
  })
  expect(sent).toEqual([
    [['key', 'CATS']],
    [
      ['dogs-key', 'DOGS'],
      ['dogs-key-2', 'QUERY'],
    ],
    [['key', 'CATS']],
    [['dogs-key-3', 'MORE']],
  ])
})

test('a secret in the file itself is told and not read', () => {
  const document = derive(
    {
      api: "baseUri: '', authentication: { type: bearer, token: swordfish }",
      resources: ['{ path: /a, operations: [{ name: get, method: GET }] }'],
    },
    ['warning: the token is no variable, and is not read'],
  )
  expect(JSON.stringify(document)).not.toContain('swordfish')
})

test('the dialect of the specification: names of the surface, {{name}}, types at the tool, parameters of the API', () => {
  const document = derive({
    binds: 'binds: [{ namespace: registry-env, keys: { VERSION: registry-version } }]',
    api: "baseUri: 'https://ships.example.org', inputParameters: [{ name: Registry-Version, in: header, value: '{{VERSION}}' }, { name: Accept, in: header, value: application/json }]",
    resources: [
      "{ path: '/ships/{{imo_number}}', operations: [{ name: get, method: GET, inputParameters: [{ name: imo_number, in: path }, { name: view, in: query, value: full }, { name: q, in: query, value: '{{text}}' }] }] }",
    ],
    routes: [
      "{ path: '/ships/{imo}', operations: [{ method: GET, call: shop.get, with: { imo_number: shop-rest.imo } }] }",
    ],
    tools: [
      "{ name: get-ship, inputParameters: [{ name: imo, type: integer, description: Number of the ship }, { name: text, type: string, required: true }], call: shop.get, with: { imo_number: '{{imo}}' } }",
    ],
  })
  expect(get(document, '/ships/{imo_number}?view=full')).toMatchObject({
    'x-rest-path': '/ships/{imo_number}',
    'x-mcp-tool': { arguments: { imo_number: 'imo', q: 'text' } },
    security: [{ 'Registry-Version': [] }],
    'x-constant-headers': { Accept: 'application/json' },
    parameters: [
      { name: 'imo_number', description: 'Number of the ship', schema: { type: 'integer' } },
      { name: 'q', in: 'query', required: true },
    ],
  })
  expect(asRecord(document.components).securitySchemes).toEqual({
    'Registry-Version': {
      type: 'apiKey',
      in: 'header',
      name: 'Registry-Version',
      'x-env': { value: 'REGISTRY_VERSION' },
    },
  })
})

test('constants of the path, the query, headers and cookies are no parameters', () => {
  const constants = [
    '{ name: kind_of, in: path, value: a/b }',
    '{ name: q, in: query, value: x }',
    "{ name: X-Count, in: header, type: integer, value: '5' }",
    '{ name: a, in: cookie, value: b }',
    '{ name: c, in: cookie, value: d }',
    '{ name: Content-Type, in: header, value: application/merge-patch+json; charset=utf-8 }',
    '{ name: Accept-Encoding, in: header, value: gzip }',
    '{ name: thing, in: body }',
  ]
  const document = derive({
    resources: [
      `{ path: '/{{kindOf}}/{id}', inputParameters: [${constants.join(', ')}], operations: [{ name: set, method: PUT }, { name: other, method: PUT, inputParameters: [{ name: X-Count, in: header, value: '6' }] }] }`,
    ],
    tools: ['{ name: set, call: shop.set }', '{ name: other, call: shop.other }'],
  })
  expect(get(document, '/a%2Fb/{id}?q=x', 'put')).toMatchObject({
    'x-constant-headers': { 'X-Count': '5', Cookie: 'a=b; c=d' },
    parameters: [{ name: 'Accept-Encoding' }, { name: 'id', in: 'path' }],
    requestBody: { content: { 'application/merge-patch+json; charset=utf-8': {} } },
  })
  expect(get(document, '/a%2Fb/{id}?q=x#other', 'put')).toMatchObject({
    'x-constant-headers': { 'X-Count': '6' },
  })
})

test('half a character in a constant is sent as what stands for it in UTF-8', () => {
  const constants = ['{ name: a, in: path, value: "\\ud800" }', '{ name: q, in: query, value: "\\ud800" }']
  const document = derive({
    resources: [
      `{ path: '/{a}', inputParameters: [${constants.join(', ')}], operations: [{ name: get, method: GET }] }`,
    ],
    tools: ['{ name: get, call: shop.get }'],
  })
  expect(Object.keys(document.paths)).toEqual(['/%EF%BF%BD?q=%EF%BF%BD'])
})

test('a constant that no header can have is left out alone', () => {
  const constants = [
    '{ name: X-Price, in: header, value: v€ }',
    '{ name: price, in: cookie, value: v€ }',
    "{ name: X-Count, in: header, value: '5' }",
    '{ name: a, in: cookie, value: b }',
  ]
  const resources = [
    `{ path: /a, inputParameters: [${constants.join(', ')}], operations: [{ name: get, method: GET }] }`,
  ]
  const document = derive(
    { resources, routes: ['{ path: /a, operations: [{ method: GET, call: shop.get }] }'] },
    ['X-Price', 'price'].map(
      (name) => `warning: the value of "${name}" has a character that no header can have, and is not sent`,
    ),
  )
  expect(get(document, '/a')['x-constant-headers']).toEqual({ 'X-Count': '5', Cookie: 'a=b' })
})

test('a constant that is not sent, or that an exposure binds, is told', () => {
  const document = derive(
    {
      api: "baseUri: '', inputParameters: [{ name: Authorization, in: header, value: Bearer swordfish }]",
      resources: [
        '{ path: /a, operations: [{ name: set, method: PUT, inputParameters: [{ name: b, in: body, value: x }, { name: v, in: header, value: w }] }] }',
      ],
      tools: ['{ name: set, call: shop.set, with: { v: tools.v } }'],
    },
    [
      'warning: the value of "Authorization" is no variable, and is not sent',
      'warning: the value of the body "b" is not sent',
      'warning: "v" of "shop.set" has a constant value, and is not bound',
    ],
  )
  expect(JSON.stringify(document)).not.toContain('swordfish')
})

test('a constant that is named like a credential is not sent, and told without its value', () => {
  const secrets = [
    'api_key',
    'X-Auth-Token',
    'accessToken',
    'PRIVATE-TOKEN',
    'Ocp-Apim-Subscription-Key',
    'token',
  ]
  const others = ['page_token', 'token_type', 'sort_key', 'key', 'X-Api-Key-Version', 'public_key']
  const list = (names: string[], place: string) =>
    names.map((name) => `{ name: ${name}, in: ${place}, value: of-${name}-swordfish }`)
  const places = ['header', 'query', 'cookie']
  const constants = places.flatMap((place) => list([...secrets, ...others], place))
  const document = derive(
    {
      resources: [
        `{ path: /a, operations: [{ name: set, method: PUT, inputParameters: [${constants.join(', ')}] }] }`,
      ],
      tools: ['{ name: set, call: shop.set }'],
    },
    places.flatMap(() =>
      secrets.map((name) => `warning: the value of "${name}" is no variable, and is not sent`),
    ),
  )
  const text = JSON.stringify(document)
  expect(secrets.filter((name) => text.includes(`of-${name}-`))).toEqual([])
  expect(others.filter((name) => text.split(`of-${name}-swordfish`).length !== 4)).toEqual([])
})

test('a mapping of the response is told, but for one of all of it', () => {
  const mapped = 'outputParameters: [{ type: string, mapping: $.name }]'
  const whole = 'outputParameters: [{ type: object, mapping: $. }]'
  derive(
    {
      resources: ['{ path: /a, operations: [{ name: get, method: GET }, { name: put, method: PUT }] }'],
      routes: [
        `{ path: /v1/a, operations: [{ method: GET, call: shop.get, ${mapped} }, { method: PUT, call: shop.put, ${whole} }] }`,
      ],
      tools: [`{ name: get, call: shop.get, ${mapped} }`, `{ name: put, call: shop.put, ${whole} }`],
    },
    ['warning: "outputParameters" is not supported', 'warning: "outputParameters" is not supported'],
  )
})

test('what is no plain call is not supported, and costs nothing else', () => {
  const document = derive(
    {
      resources: [
        '{ path: /a, operations: [{ name: get, method: GET }, { name: put, method: PUT, body: "{}" }] }',
      ],
      routes: ['{ path: /v1/a, operations: [{ method: GET, call: shop.get }, { method: PUT, steps: [] }] }'],
      tools: ['{ name: get, call: shop.get }', '{ name: put, call: shop.put }', '{ name: all, ref: a.b }'],
    },
    [
      'omission: "body" is not supported',
      'omission: "steps" is not supported',
      'omission: "ref" is not supported',
    ],
  )
  expect(Object.keys(document.paths['/a'] ?? {})).toEqual(['get'])
})

test('a pattern is the one of the parameter that it is said of, on both surfaces', () => {
  const own = 'inputParameters: [{ name: code, in: query }, { name: note, in: body, type: string }]'
  const document = derive({
    resources: [`{ path: /a, operations: [{ name: set, method: PUT, ${own} }] }`],
    routes: [
      "{ path: /v1/a, inputParameters: [{ name: code, in: query, pattern: '^[A-Z]+$' }], operations: [{ method: PUT, call: shop.set }] }",
    ],
    tools: ["{ name: set-it, call: shop.set, inputParameters: [{ name: note, pattern: '^.{1,9}$' }] }"],
  })
  expect(get(document, '/a', 'put')).toMatchObject({
    parameters: [{ name: 'code', schema: { type: 'string', pattern: '^[A-Z]+$' } }],
    requestBody: { content: { 'text/plain': { schema: { type: 'string', pattern: '^.{1,9}$' } } } },
  })
})

test('what an input parameter says beside the members of the format is a warning, wherever it stands', () => {
  const say = (member: string) => `inputParameters: [{ name: code, ${member} }]`
  const consumed = (member: string) => `inputParameters: [{ name: code, in: query, ${member} }]`
  const document = derive(
    {
      api: `baseUri: '', ${consumed('enum: [A, B]')}`,
      resources: [
        `{ path: /a, ${consumed('minLength: 2')}, operations: [{ name: get, method: GET, ${consumed('maximum: 9')} }] }`,
      ],
      routes: [
        `{ path: /v1/a, ${say('format: date')}, operations: [{ method: GET, call: shop.get, ${say('default: A')} }] }`,
      ],
      tools: [`{ name: get-it, call: shop.get, ${say("type: integer, pattern: '^1'")} }`],
    },
    ['enum', 'minLength', 'maximum', 'format', 'default', 'pattern'].map(
      (name) => `warning: "${name}" is not supported`,
    ),
  )
  expect(get(document, '/a')).toMatchObject({ parameters: [{ schema: { type: 'integer' } }] })
})

test('a surface that authenticates its clients itself is told, since the gateway does not read how', () => {
  const text = `naftiko: 1.0.0-alpha2
info: { label: Shop, description: A shop }
capability:
  consumes: [{ type: http, namespace: shop, resources: [{ path: /a, operations: [{ name: get, method: GET }] }] }]
  exposes:
  - type: rest
    namespace: shop-rest
    port: 8080
    authentication: { type: bearer, token: '{{TOKEN}}' }
    resources: [{ path: /v1/a, operations: [{ method: GET, call: shop.get }] }]
`
  expect(readCapability(text, 'shop.yaml').problems).toEqual([
    {
      ...{ file: 'shop.yaml', line: 9, column: 21, severity: 'warning' },
      ...{ message: '"authentication" is not supported', expected: 'GATEWAY_KEYS_FILE or OAUTH_ISSUER' },
    },
  ])
})
