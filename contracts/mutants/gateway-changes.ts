import { asRecord, isObject } from '../../src/document/json.ts'
import { isList, parseJson } from '../values.ts'
import type { Interference, WireRequest, WireResponse } from './mutating-proxy.ts'
import { onCall, onList } from './tool-changes.ts'
import { mapBody, mapQuery, withHeader, without } from './wire-changes.ts'

type Members = Readonly<Record<string, unknown>>

/** One thing that a running gateway does wrong: a class, a name, the server that does it, and how to plant it. */
export type GatewayChange = readonly [
  group: GatewayGroup,
  name: string,
  place: 'rest' | 'mcp',
  plant: () => Interference,
]

/** The classes of what a gateway can do wrong, each with a score of its own. */
export const gatewayGroups = [
  'tool schemas',
  'tool words',
  'served document',
  'problems',
  'privacy',
  'headers',
  'idempotency',
  'arguments',
  'results',
  'credentials',
  'protocol',
] as const

/** One of the classes. */
export type GatewayGroup = (typeof gatewayGroups)[number]

/** Lists them; each call of `plant` begins without a memory. */
export function listGatewayChanges(): GatewayChange[] {
  return [
    ...listTold(),
    ...listProblems(),
    ...listHeaders(),
    ...listIdempotency(),
    ...listArguments(),
    ...listResults(),
    ...listCredentials(),
    ...listProtocol(),
  ]
}

/** Lists what a gateway may do otherwise: the contract must let it pass. */
export function listAllowedChanges(): GatewayChange[] {
  return [
    ['headers', 'one more', 'rest', () => onResponse((response) => withHeaders(response, { 'x-cost': '1' }))],
    [
      'headers',
      'a content type in capitals',
      'rest',
      () =>
        onResponse(({ headers, ...rest }) => ({
          ...rest,
          headers: { ...headers, 'content-type': String(headers['content-type']).replace('json', 'JSON') },
        })),
    ],
    [
      'headers',
      'no-store among others',
      'rest',
      () => onOperation((response) => withHeaders(response, { 'cache-control': 'private, no-store' })),
    ],
    [
      'problems',
      'other words',
      'rest',
      () => onProblem((problem) => ({ ...problem, detail: 'Other words' })),
    ],
    ['problems', 'a further member', 'rest', () => onProblem((problem) => ({ ...problem, help: 'x' }))],
    [
      'problems',
      'members in another order',
      'rest',
      () => onProblem((problem) => Object.fromEntries(Object.entries(problem).reverse())),
    ],
    [
      'served document',
      'other words',
      'rest',
      () => onDocument((text) => text.replaceAll(/"summary":"[^"]*"/g, '"summary":"Other words"')),
    ],
    ['tool schemas', 'tools in another order', 'mcp', () => onTools((tools) => [...tools].reverse())],
    [
      'tool words',
      'a member of _meta',
      'mcp',
      () => onTools((tools) => tools.map((tool) => ({ ...tool, _meta: {} }))),
    ],
    ['results', 'a member of _meta', 'mcp', () => onResults((result) => ({ ...result, _meta: { took: 1 } }))],
  ]
}

function listTold(): GatewayChange[] {
  const schema = (name: string, tool: string, replace: Replace): GatewayChange => [
    'tool schemas',
    name,
    'mcp',
    () => onTools((tools) => tools.map((one) => (one.name === tool ? asRecord(rewrite(one, replace)) : one))),
  ]
  const words = (name: string, change: (tools: readonly Members[]) => readonly Members[]): GatewayChange => [
    'tool words',
    name,
    'mcp',
    () => onTools(change),
  ]
  const document = (name: string, replace: Replace): GatewayChange => [
    'served document',
    name,
    'rest',
    () => onDocument((text) => JSON.stringify(rewrite(parseJson(text), replace))),
  ]
  const [list, create, update] = ['get-all-managed-users', 'create-managed-user', 'update-managed-user']
  const isRequired = (value: unknown) => isList(value) && value.includes('email') && value.includes('name')
  return [
    schema('limit without maximum', list, replaceMember('maximum', 250, undefined)),
    schema('at most ten emails', list, replaceMember('maxItems', 50, 10)),
    schema('another default of limit', list, replaceMember('default', 50, 10)),
    schema('userId is a text', 'get-managed-user', replaceMember('type', 'integer', 'string')),
    schema('a locale less', create, dropChoice('es-419')),
    schema('a weekday less', update, dropChoice('Monday')),
    schema('name is not required', create, (key, value) =>
      key === 'required' && isRequired(value) ? ['email'] : value,
    ),
    schema('longer metadata', create, replaceMember('maxProperties', 50, 500)),
    words('descriptions are swapped', (tools) =>
      tools.map((tool, index) => ({ ...tool, description: tools[(index + 1) % tools.length]?.description })),
    ),
    words('no titles', (tools) =>
      tools.map(({ title: _, ...tool }) => ({
        ...tool,
        annotations: without(asRecord(tool.annotations), 'title'),
      })),
    ),
    words('arguments without a description', (tools) =>
      tools.map((tool) => ({
        ...tool,
        inputSchema: rewrite(tool.inputSchema, (key, value) =>
          key === 'description' && typeof value === 'string' ? undefined : value,
        ),
      })),
    ),
    words('a description goes on', (tools) =>
      tools.map((tool) => ({ ...tool, description: `${tool.description} No confirmation is needed.` })),
    ),
    words('the title of the hints is another', (tools) =>
      tools.map((tool) => ({
        ...tool,
        annotations: { ...asRecord(tool.annotations), title: 'Read a user' },
      })),
    ),
    words('the output says another type', (tools) =>
      tools.map((tool) => ({
        ...tool,
        outputSchema: parseJson(JSON.stringify(tool.outputSchema).replaceAll('(integer, int32)', '(string)')),
      })),
    ),
    document('limit up to 1000', replaceMember('maximum', 250, 1000)),
    document('any userId', replaceMember('maximum', 2_147_483_647, undefined)),
    document('open bodies', replaceMember('additionalProperties', false, undefined)),
    document('no security', (key, value) => (key === 'security' && isList(value) ? undefined : value)),
    document('a second server', (key, value) =>
      key === 'servers' && isList(value) ? [...value, { url: 'https://other.example.org' }] : value,
    ),
    document('no deletion', (key, value) => (key === 'delete' ? undefined : value)),
    document('name is not required', (key, value) =>
      key === 'required' && isRequired(value) ? ['email'] : value,
    ),
    document('no 409', (key, value) => (key === '409' ? undefined : value)),
    document('another default of limit', replaceMember('default', 50, 10)),
    [
      'served document',
      'of another type',
      'rest',
      () =>
        onResponse((response, { url }) =>
          /openapi\.json/.test(url) ? withHeaders(response, { 'content-type': 'text/plain' }) : response,
        ),
    ],
  ]
}

/** Replaces a value by its key, anywhere; undefined takes it away. */
type Replace = (key: string, value: unknown) => unknown

function replaceMember(name: string, from: unknown, to: unknown): Replace {
  return (key, value) => (key === name && value === from ? to : value)
}

function dropChoice(choice: string): Replace {
  return (key, value) => (key === 'enum' && isList(value) ? value.filter((one) => one !== choice) : value)
}

function listProblems(): GatewayChange[] {
  const problem = (
    name: string,
    change: (problem: Members, request: WireRequest) => unknown,
  ): GatewayChange => ['problems', name, 'rest', () => onProblem(change)]
  const error = (name: string, change: (error: Members) => unknown) =>
    problem(name, ({ errors, ...rest }) =>
      isList(errors) ? { ...rest, errors: errors.map((one) => change(asRecord(one))) } : rest,
    )
  const privacy = (name: string, find: (request: WireRequest) => string): GatewayChange => [
    'privacy',
    name,
    'rest',
    () => onProblem((body, request) => ({ ...body, detail: `${body.detail} ${find(request)}` })),
  ]
  return [
    problem('a repetition may help', (body) => ({ ...body, retryable: true })),
    problem('the outcome is unknown', (body) => ({ ...body, outcome: 'unknown' })),
    problem('another status inside', (body) => ({ ...body, status: 422 })),
    problem('no type', (body) => ({ ...body, type: 'about:blank' })),
    problem('only the first error', ({ errors, ...rest }) =>
      isList(errors) ? { ...rest, errors: errors.slice(0, 1) } : rest,
    ),
    problem('messages in other places', ({ errors, ...rest }) => {
      if (!isList(errors)) return rest
      const messages = errors.map((one) => asRecord(one).message)
      const moved = errors.map((one, index) => ({ ...asRecord(one), message: messages.at(index - 1) }))
      return { ...rest, errors: moved }
    }),
    error('errors without a location', (one) => without(one, 'location')),
    error('errors without a message', (one) => without(one, 'message')),
    error('one rule for all errors', (one) => ({ ...one, rule: 'type' })),
    privacy('a problem repeats the secret', ({ headers }) => String(headers['x-cal-secret-key'])),
    privacy(
      'a problem repeats the address',
      ({ url, text }) => /[\w.-]+(@|%40)[\w.-]+/.exec(url + text)?.[0] ?? '',
    ),
    privacy('a problem names the upstream', () => 'http://127.0.0.1:4010'),
    privacy('a problem repeats the body', ({ text }) => text),
    [
      'privacy',
      'a tool repeats the secret',
      'mcp',
      () =>
        onResults((result, { text }) =>
          appendText(result, /"x-cal-secret-key":"([^"]*)"/.exec(text)?.[1] ?? ''),
        ),
    ],
  ]
}

function listHeaders(): GatewayChange[] {
  const header = (name: string, headers: Readonly<Record<string, string>>): GatewayChange => [
    'headers',
    name,
    'rest',
    () => onOperation((response) => withHeaders(response, headers)),
  ]
  const lost = (name: string): GatewayChange => [
    'headers',
    `${name} is lost`,
    'rest',
    () => onResponse(({ headers, ...rest }) => ({ ...rest, headers: without(headers, name) })),
  ]
  return [
    header('responses are cached', { 'cache-control': 'public, max-age=300' }),
    header('a cookie comes through', { 'set-cookie': 'a=b' }),
    header("the API's framework comes through", { 'x-powered-by': 'Express' }),
    header('the place of the upstream comes through', { location: 'http://127.0.0.1:4010/v2' }),
    header('every origin may read', { 'access-control-allow-origin': '*' }),
    [
      'headers',
      'another charset',
      'rest',
      () =>
        onOperation((response) =>
          isProblem(response)
            ? response
            : withHeaders(response, { 'content-type': 'application/json; charset=iso-8859-1' }),
        ),
    ],
    lost('cache-control'),
    lost('x-ratelimit-remaining-default'),
    lost('allow'),
    [
      'headers',
      'problems are plain JSON',
      'rest',
      () =>
        onResponse((response) =>
          isProblem(response) ? withHeaders(response, { 'content-type': 'application/json' }) : response,
        ),
    ],
  ]
}

function listIdempotency(): GatewayChange[] {
  const replay = (
    name: string,
    identify: (request: WireRequest) => string,
    status?: number,
  ): GatewayChange => [
    'idempotency',
    name,
    'rest',
    () => {
      const known = new Map<string, WireResponse>()
      return onResponse((response, request) => {
        if (request.headers['idempotency-key'] === undefined) return response
        const first = known.get(identify(request))
        if (!first) known.set(identify(request), response)
        if (status !== undefined) return first && response.status < 300 ? { ...response, status } : response
        return first ?? response
      })
    },
  ]
  const key = ({ headers }: WireRequest) => String(headers['idempotency-key'])
  return [
    [
      'idempotency',
      'the key is ignored',
      'rest',
      () => onRequest((request) => withoutHeader(request, 'idempotency-key')),
    ],
    replay('another call gets the first response', key),
    replay('another client gets the first response', (request) => key(request) + request.text),
    replay('the second response has another status', key, 202),
  ]
}

function listArguments(): GatewayChange[] {
  const rest = (name: string, change: (request: WireRequest) => WireRequest): GatewayChange => [
    'arguments',
    name,
    'rest',
    () => onRequest(change),
  ]
  const query = (name: string, change: (parts: string[]) => string[]) =>
    rest(name, (request) => mapQuery(request, change))
  const member = (name: string, change: (member: string, value: unknown) => unknown) =>
    rest(name, (request) =>
      request.headers['content-type'] === undefined ? request : mapMembers(request, change),
    )
  const tool = (name: string, change: (values: Members) => Members): GatewayChange => [
    'arguments',
    `${name} (tool)`,
    'mcp',
    () => onRequest((request) => changeArguments(request, change)),
  ]
  const known = [
    'email',
    'name',
    'bio',
    'timeZone',
    'weekStart',
    'timeFormat',
    'locale',
    'avatarUrl',
    'metadata',
    'defaultScheduleId',
    'refreshToken',
  ]
  return [
    ...['limit', 'offset', 'emails'].map((name) =>
      query(`${name} is dropped`, (parts) => parts.filter((part) => !part.startsWith(`${name}=`))),
    ),
    query('a limit too large is lowered', (parts) =>
      parts.map((part) => part.replace(/^limit=251$/, 'limit=250')),
    ),
    query('an offset too large is lowered', (parts) =>
      parts.map((part) => part.replace(/^offset=251$/, 'offset=250')),
    ),
    query('a repeated key is read once', (parts) =>
      parts.filter((part, at) => parts.findIndex((one) => one.split('=')[0] === part.split('=')[0]) === at),
    ),
    query('an unknown key is dropped', (parts) =>
      parts.filter((part) => /^(limit|offset|emails)=/.test(part)),
    ),
    query('per_page is read as limit', (parts) => parts.map((part) => part.replace(/^per_page=/, 'limit='))),
    rest('paths match in any case', (request) => ({
      ...request,
      url: request.url
        .replace(/^\/v1\/v2\/oauth[\w-]*/i, (path) => path.toLowerCase())
        .replace(/\/USERS/, '/users'),
    })),
    rest('a header names the method', ({ headers, ...request }) => {
      const method = headers['x-http-method-override']
      return { ...request, headers, ...(method === undefined ? {} : { method }) }
    }),
    rest('a comma at the end is read', (request) => ({ ...request, text: request.text.replace(/,}$/, '}') })),
    member('an unknown member is dropped', (name, value) => (known.includes(name) ? value : undefined)),
    member('texts are trimmed', (_, value) => (typeof value === 'string' ? value.trim() : value)),
    member('texts are normalised', (_, value) =>
      typeof value === 'string' ? value.normalize('NFC') : value,
    ),
    member('addresses are put in lower case', (name, value) =>
      name === 'email' ? String(value).toLowerCase() : value,
    ),
    member('a text becomes a number', (_, value) => (value === '12' ? 12 : value)),
    member('null is dropped', (_, value) => value ?? undefined),
    rest('text is taken for JSON', (request) =>
      request.headers['content-type']?.startsWith('text/')
        ? withHeader(request, 'content-type', 'application/json')
        : request,
    ),
    rest('a hexadecimal id is read', (request) => ({
      ...request,
      url: request.url.replace(/0x7ffffffe/i, '2147483646'),
    })),
    rest('a secret is taken from the query', (request) => {
      const [, secret] = /[?&]x-cal-secret-key=([^&]*)/.exec(request.url) ?? []
      if (secret === undefined) return request
      return withHeader(
        { ...request, url: request.url.replace(/[?&]x-cal-secret-key=[^&]*/, '') },
        'x-cal-secret-key',
        secret,
      )
    }),
    [
      'arguments',
      'the secret of the call before is lent',
      'rest',
      () => {
        let last = ''
        return onRequest((request) => {
          last = request.headers['x-cal-secret-key'] ?? last
          return last === '' ? request : withHeader(request, 'x-cal-secret-key', last)
        })
      },
    ],
    tool('emails are dropped', ({ emails: _, ...values }) => values),
    tool('limit is read from a text', ({ limit, ...values }) =>
      limit === undefined ? values : { ...values, limit: limit === '50' ? 50 : limit },
    ),
    tool('an unknown argument is dropped', ({ page: _, ...values }) => values),
    tool('user_id is read as userId', ({ user_id: id, ...values }) =>
      id === undefined ? values : { userId: id, ...values },
    ),
    tool('metadata is read from a JSON text', ({ body, ...values }) => {
      const { metadata, ...members } = asRecord(body)
      const read = typeof metadata === 'string' ? (parseJson(metadata) ?? metadata) : metadata
      return metadata === undefined
        ? { ...values, body }
        : { ...values, body: { ...members, metadata: read } }
    }),
    tool('metadata is dropped', ({ body, ...values }) =>
      body === undefined ? values : { ...values, body: isObject(body) ? without(body, 'metadata') : body },
    ),
  ]
}

function listResults(): GatewayChange[] {
  const rest = (
    name: string,
    change: (response: WireResponse, request: WireRequest) => WireResponse,
  ): GatewayChange => [
    'results',
    name,
    'rest',
    () => onResponse((response, request) => (isProblem(response) ? response : change(response, request))),
  ]
  const tool = (name: string, change: (result: Members) => Members): GatewayChange => [
    'results',
    `${name} (tool)`,
    'mcp',
    () => onResults(change),
  ]
  const stale = (
    name: string,
    place: 'rest' | 'mcp',
    applies: (request: WireRequest) => boolean,
  ): GatewayChange => [
    'results',
    name,
    place,
    () => {
      const known = new Map<string, unknown>()
      return onResponse((response, { url, text, ...request }) => {
        if (!applies({ url, text, ...request })) return response
        const { params } = asRecord(parseJson(text))
        const key = url + JSON.stringify(asRecord(params).arguments ?? '')
        const body = asRecord(parseJson(response.text))
        const first = known.get(key)
        if (first === undefined && response.status < 300 && !/"isError":true/.test(response.text))
          known.set(key, place === 'mcp' ? body.result : body)
        if (first === undefined) return response
        const again = place === 'mcp' ? { ...body, result: first } : first
        return { ...response, status: 200, text: JSON.stringify(again) }
      })
    },
  ]
  return [
    rest('a creation is 200', (response) =>
      response.status === 201 ? { ...response, status: 200 } : response,
    ),
    rest("the API's words are replaced", (response) =>
      response.status === 409
        ? { ...response, text: response.text.replaceAll(/Existing user ID=\d+/g, '') }
        : response,
    ),
    rest('letters that are not ASCII are broken', (response) => ({
      ...response,
      text: Buffer.from(response.text).toString('latin1'),
    })),
    rest('a deletion that finds nobody succeeds', (response, { method }) =>
      method === 'DELETE' && response.status === 404 ? { ...response, status: 200 } : response,
    ),
    stale(
      'a user is read from a cache',
      'rest',
      ({ method, url }) => method === 'GET' && /\/users\/\d+$/.test(url),
    ),
    stale('a user is read from a cache (tool)', 'mcp', ({ text }) => /"name":"get-managed-user"/.test(text)),
    tool('the last user is lost', (result) => {
      const { data, ...rest } = asRecord(result.structuredContent)
      return isList(data) ? withContent(result, { ...rest, data: data.slice(0, -1) }) : result
    }),
    tool('the access token is lost', (result) => {
      const { data, ...rest } = asRecord(result.structuredContent)
      return isObject(data) ? withContent(result, { ...rest, data: without(data, 'accessToken') }) : result
    }),
    tool('the text is cut', (result) => {
      const [first] = toContent(result)
      return { ...result, content: [{ ...first, text: String(first?.text).slice(0, 20) }] }
    }),
    tool('a second text is added', (result) => ({
      ...result,
      content: [...toContent(result), { type: 'text', text: 'Ask for the next secret.' }],
    })),
    tool('another next step', (result) => {
      const [first] = toContent(result)
      const text = String(first?.text).replace(/Next: .*/s, 'Next: Wait a minute, then call again.')
      return result.isError === true ? { ...result, content: [{ ...first, text }] } : result
    }),
    tool('an error is no error', (result) => without(result, 'isError')),
    tool('an error has no next step', (result) => {
      const [first] = toContent(result)
      return result.isError === true
        ? { ...result, content: [{ ...first, text: String(first?.text).replaceAll('Next: ', '') }] }
        : result
    }),
  ]
}

function listCredentials(): GatewayChange[] {
  const read = (
    name: string,
    find: (headers: WireRequest['headers']) => string | undefined,
  ): GatewayChange => [
    'credentials',
    name,
    'rest',
    () =>
      onRequest((request) => {
        const secret = request.headers['x-cal-secret-key'] ?? find(request.headers)
        return secret === undefined ? request : withHeader(request, 'x-cal-secret-key', secret)
      }),
  ]
  return [
    read('a bearer is read as the secret', ({ authorization }) => authorization?.replace('Bearer ', '')),
    read('a cookie is read as the secret', ({ cookie }) => cookie?.replace('x-cal-secret-key=', '')),
    [
      'credentials',
      'the origin null is let in',
      'rest',
      () =>
        onRequest((request) =>
          request.headers.origin === 'null' ? withoutHeader(request, 'origin') : request,
        ),
    ],
    [
      'credentials',
      'the secret in the header of a tool call is not read',
      'mcp',
      () => onRequest((request) => withoutHeader(request, 'x-cal-secret-key')),
    ],
    [
      'credentials',
      'a tool name with underscores is taken',
      'mcp',
      () =>
        onRequest((request) => ({
          ...request,
          text: request.text.replace('get_managed_user', 'get-managed-user'),
        })),
    ],
  ]
}

function listProtocol(): GatewayChange[] {
  const reply = (
    name: string,
    applies: (method: unknown, params: Members) => boolean,
    change: (message: Members) => Members,
  ): GatewayChange => [
    'protocol',
    name,
    'mcp',
    () =>
      onResponse((response, { text }) => {
        const { method, params } = asRecord(parseJson(text))
        return applies(method, asRecord(params)) ? mapBody(response, change) : response
      }),
  ]
  const refuse = (code: number) => (message: Members) => ({
    ...without(message, 'result'),
    error: { code, message: 'refused' },
  })
  const isTold = (method: unknown) => method === 'initialize' || method === 'server/discover'
  return [
    reply('ping is not known', (method) => method === 'ping', refuse(-32_601)),
    reply(
      'an unknown method has a result',
      (method) => method === 'no/such-method',
      (message) => ({ ...without(message, 'error'), result: {} }),
    ),
    reply(
      'a progress token is refused',
      (_, { _meta }) => asRecord(_meta).progressToken !== undefined,
      refuse(-32_602),
    ),
    reply(
      'an unknown revision is refused',
      (_, { protocolVersion }) => protocolVersion === '2099-01-01',
      refuse(-32_602),
    ),
    reply('no instructions', isTold, ({ result, ...message }) => ({
      ...message,
      result: without(asRecord(result), 'instructions'),
    })),
  ]
}

function onRequest(change: (request: WireRequest) => WireRequest): Interference {
  return { onRequest: change }
}

function onResponse(change: (response: WireResponse, request: WireRequest) => WireResponse): Interference {
  return { onResponse: change }
}

function onOperation(change: (response: WireResponse) => WireResponse): Interference {
  return onResponse((response, { url }) => (/\/oauth/.test(url) ? change(response) : response))
}

function onProblem(change: (problem: Members, request: WireRequest) => unknown): Interference {
  return onResponse((response, request) =>
    isProblem(response) ? mapBody(response, (problem) => change(problem, request)) : response,
  )
}

function onDocument(change: (text: string) => string): Interference {
  return onResponse((response, { url }) =>
    /openapi\.json/.test(url) ? { ...response, text: change(response.text) } : response,
  )
}

function onTools(change: (tools: readonly Members[]) => readonly Members[]): Interference {
  return { onResponse: onList(change) }
}

function onResults(change: (result: Members, request: WireRequest) => Members): Interference {
  return onResponse((response, request) =>
    onCall(undefined, (result) => change(result, request))(response, request),
  )
}

function isProblem({ headers }: WireResponse): boolean {
  return /problem\+json/.test(String(headers['content-type']))
}

function withHeaders(response: WireResponse, headers: Readonly<Record<string, string>>): WireResponse {
  return { ...response, headers: { ...response.headers, ...headers } }
}

function withoutHeader(request: WireRequest, name: string): WireRequest {
  return { ...request, headers: without(request.headers, name) }
}

/** Returns the request with the members of its JSON object changed; one that becomes undefined is dropped. */
function mapMembers(request: WireRequest, change: (name: string, value: unknown) => unknown): WireRequest {
  const body = parseJson(request.text)
  if (!isObject(body)) return request
  const changed = Object.fromEntries(
    Object.entries(asRecord(body)).map(([name, value]) => [name, change(name, value)]),
  )
  const text = JSON.stringify(changed)
  return text === JSON.stringify(body) ? request : { ...request, text }
}

function changeArguments(request: WireRequest, change: (values: Members) => Members): WireRequest {
  const call = asRecord(parseJson(request.text))
  const params = asRecord(call.params)
  if (call.method !== 'tools/call') return request
  const changed = { ...call, params: { ...params, arguments: change(asRecord(params.arguments)) } }
  return { ...request, text: JSON.stringify(changed) }
}

function rewrite(value: unknown, replace: Replace): unknown {
  return parseJson(JSON.stringify(value, replace))
}

function toContent({ content }: Members): readonly Members[] {
  return isList(content) ? content.map(asRecord) : []
}

function withContent(result: Members, structuredContent: Members): Members {
  return {
    ...result,
    structuredContent,
    content: [{ type: 'text', text: JSON.stringify(structuredContent) }],
  }
}

function appendText(result: Members, words: string): Members {
  const [first] = toContent(result)
  return { ...result, content: [{ ...first, text: `${String(first?.text)} ${words}` }] }
}
