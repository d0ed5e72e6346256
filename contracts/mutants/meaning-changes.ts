import { asRecord } from '../../src/document/json.ts'
import { isList, parseJson } from '../values.ts'
import type { Interference, WireRequest, WireResponse } from './mutating-proxy.ts'
import { without } from './wire-changes.ts'

type Members = Readonly<Record<string, unknown>>

/** One thing that an API does wrong though every member has its type: a class, a name and how to plant it. */
export type MeaningChange = readonly [group: MeaningGroup, name: string, plant: () => Interference]

/** The classes of meaning, each with a score of its own. */
export const meaningGroups = [
  'state',
  'lists',
  'tenants',
  'time',
  'tokens',
  'texts',
  'deletion',
  'errors',
  'caching',
] as const

/** One of the classes. */
export type MeaningGroup = (typeof meaningGroups)[number]

const members = ['name', 'bio', 'timeZone', 'weekStart', 'timeFormat', 'locale', 'avatarUrl', 'metadata']
const hour = 3_600_000
const demo = { client: 'cm9demo000001abcd1234efgh', secret: 'demo-secret' }
const other = { client: 'cm9other00001abcd1234efgh', secret: 'other-secret' }

/** Lists them; each call of `plant` begins without a memory. */
export function listMeaningChanges(): MeaningChange[] {
  return [
    ...members.flatMap((member): MeaningChange[] => [
      ['state', `create loses ${member}`, () => onBody(isCreate, (body) => without(body, member))],
      ['state', `update loses ${member}`, () => onBody(isUpdate, (body) => without(body, member))],
    ]),
    [
      'state',
      'a change resets weekStart',
      () => onBody(isUpdate, (body) => ({ weekStart: 'Sunday', ...body })),
    ],
    ['state', 'a change resets locale', () => onBody(isUpdate, (body) => ({ locale: null, ...body }))],
    ['state', 'a change resets metadata', () => onBody(isUpdate, (body) => ({ metadata: {}, ...body }))],
    ['state', 'metadata is merged', () => onBody(isUpdate, mergeMetadata)],
    ['state', 'null clears nothing', () => onBody(isUpdate, dropNull)],
    ['state', 'create cuts bio at 255', () => onBody(isCreate, (body) => cut(body, 'bio', 255))],
    ['state', 'create cuts name at 64', () => onBody(isCreate, (body) => cut(body, 'name', 64))],
    ['state', 'create cuts bio at 64 KiB', () => onBody(isCreate, (body) => cut(body, 'bio', 65_535))],
    ['state', 'keys with a dot are lost', () => onUsers(loseDottedKeys)],
    ['state', 'a change to the same value finds nobody', refuseSame],
    ['state', 'a name belongs to one user', refuseSecondName],
    ['state', 'create keeps ten keys of metadata', () => onBody(isCreate, (body) => keepKeys(body, 10))],
    ['state', 'update loses false', () => onBody(isUpdate, (body) => loseFalse(body))],
    ['state', 'an empty text becomes null', () => onUsers((user) => ({ ...user, name: user.name || null }))],
    [
      'state',
      'name and bio are swapped',
      () => onUsers(({ name, bio, ...rest }) => ({ ...rest, name: bio, bio: name })),
    ],
    ['state', 'a schedule without a time zone', () => onUsers((user) => ({ ...user, defaultScheduleId: 7 }))],
    ['state', 'every user has one schedule', () => onUsers(shareSchedule)],
    ['state', 'a name is lost once', loseOnce],
    ['state', 'every seventh read returns another user', swapSeventh],
    ['lists', 'an offset over 100 is 100', () => onQuery((query) => capOffset(query))],
    ['lists', 'offset counts pages', () => onQuery((query) => countPages(query))],
    ['lists', 'limit is ignored', () => onQuery((query) => query.delete('limit'))],
    [
      'lists',
      'limit is one more',
      () => onQuery((query) => query.set('limit', `${Number(query.get('limit') ?? 50) + 1}`)),
    ],
    ['lists', 'offset is ignored', () => onQuery((query) => query.delete('offset'))],
    ['lists', 'the filter is ignored', () => onQuery((query) => query.delete('emails'))],
    [
      'lists',
      'the list is empty',
      () => onList((users, request) => (/emails=/.test(request.url) ? users : [])),
    ],
    [
      'lists',
      'the last user is not listed',
      () => onList((users, request) => (/limit=250/.test(request.url) ? users.slice(0, -1) : users)),
    ],
    ['lists', 'the first user is listed twice', () => onList((users) => [...users.slice(0, 1), ...users])],
    ['lists', 'a page has twenty at most', () => onQuery((query) => cap(query, 20))],
    ['lists', 'a page has a hundred at most', () => onQuery((query) => cap(query, 100))],
    ['lists', 'the filter reads the first address', () => onQuery((query) => keepAddresses(query, 1))],
    ['lists', 'the filter reads twenty addresses', () => onQuery((query) => keepAddresses(query, 20))],
    [
      'lists',
      'the filter ignores offset',
      () => onQuery((query) => query.has('emails') && query.delete('offset')),
    ],
    ['lists', 'the filter folds case', () => onQuery((query) => lower(query))],
    [
      'lists',
      'beyond the end is the beginning',
      () => onQuery((query) => Number(query.get('offset')) >= 250 && query.delete('offset')),
    ],
    [
      'lists',
      'the filter finds nobody',
      () => onList((users, request) => (/emails=/.test(request.url) ? [] : users)),
    ],
    [
      'tenants',
      "another client's users are shown",
      () => onRequest((request) => impersonate(request, false)),
    ],
    [
      'tenants',
      "a client's secret opens every client",
      () => onRequest((request) => impersonate(request, true)),
    ],
    ['tenants', 'the header chooses the client', () => onRequest(authorizeByHeader)],
    [
      'tenants',
      'a secret with a letter more is right',
      () => onRequest((request) => repairSecret(request, /x$/)),
    ],
    [
      'tenants',
      'a secret in capitals is right',
      () => onRequest((request) => repairSecret(request, /^DEMO-SECRET$/)),
    ],
    ['tenants', 'no secret is right', () => onRequest((request) => repairSecret(request, /^$/))],
    [
      'tenants',
      'an unknown client is not found',
      () => onStatus(401, ({ url }) => !url.includes(demo.client) && !url.includes(other.client), 404),
    ],
    [
      'time',
      'an access token that has expired',
      () => onMember('accessTokenExpiresAt', (moment) => moment - 3 * hour),
    ],
    [
      'time',
      'expiries of 2015',
      () => onMember('accessTokenExpiresAt', () => Date.UTC(2015, 1), 'refreshTokenExpiresAt'),
    ],
    [
      'time',
      'a lifetime of a minute',
      () => onMember('accessTokenExpiresAt', (moment) => moment - hour + 60_000),
    ],
    [
      'time',
      'a refresh token of a week',
      () => onMember('refreshTokenExpiresAt', (moment) => moment - 358 * 24 * hour),
    ],
    ['time', 'tokens are issued in milliseconds', () => onData(issueInMilliseconds)],
    [
      'time',
      'a creation of last year',
      () => onUsers((user) => ({ ...user, createdDate: '2025-01-01T00:00:00.000Z' })),
    ],
    [
      'tokens',
      'both tokens are one',
      () => onData((data) => ('accessToken' in data ? { ...data, refreshToken: data.accessToken } : data)),
    ],
    ['tokens', 'the access token stays the same', keepAccessToken],
    [
      'tokens',
      'the token of another user',
      () =>
        onData((data) =>
          'accessToken' in data
            ? { ...data, accessToken: forge(data.accessToken, () => ({ ownerId: 1 })) }
            : data,
        ),
    ],
    ['texts', 'names are trimmed', () => onText('name', (text) => text.trim())],
    [
      'texts',
      'names lose what is not ASCII',
      () => onText('name', (text) => text.replaceAll(/[^\x20-\x7e]/g, '?')),
    ],
    ['texts', 'texts are normalised', () => onText('bio', (text) => text.normalize('NFC'))],
    ['texts', 'markup is stripped', () => onText('bio', (text) => text.replaceAll(/<[^>]*>/g, ''))],
    [
      'texts',
      'a byte order mark comes first',
      () => ({ onResponse: (response) => ({ ...response, text: `\ufeff${response.text}` }) }),
    ],
    ['texts', 'lines are joined', () => onText('bio', (text) => text.replaceAll('\n', ' '))],
    ['texts', 'addresses are put in lower case', () => onText('avatarUrl', (text) => text.toLowerCase())],
    [
      'texts',
      'keys are put in lower case',
      () => onUsers((user) => ({ ...user, metadata: lowerKeys(user.metadata) })),
    ],
    [
      'deletion',
      'nothing is deleted',
      () => onRequest((request) => (request.method === 'DELETE' ? { ...request, method: 'GET' } : request)),
    ],
    ['deletion', 'a deleted user is still listed', keepListed],
    ['errors', 'the 404 loses its details', () => onError(404, (error) => without(error, 'details'))],
    [
      'errors',
      'the 409 loses its message',
      () => onError(409, (error) => ({ ...error, message: 'Conflict' })),
    ],
    [
      'errors',
      'an error loses its time',
      () => onBodyOf((body) => ('error' in body ? without(body, 'timestamp') : body)),
    ],
    [
      'errors',
      'an error is of another time',
      () => onBodyOf((body) => ('error' in body ? { ...body, timestamp: '2020-01-01T00:00:00.000Z' } : body)),
    ],
    [
      'errors',
      'an error has a time without a zone',
      () =>
        onBodyOf((body) =>
          'error' in body ? { ...body, timestamp: String(body.timestamp).replace('Z', '') } : body,
        ),
    ],
    [
      'errors',
      'errors have no body',
      () => ({ onResponse: (response) => (response.status < 400 ? response : { ...response, text: '' }) }),
    ],
    [
      'errors',
      'an error names another path',
      () => onBodyOf((body) => ('error' in body ? { ...body, path: '/' } : body)),
    ],
    ['errors', 'a validation error lists sentences', () => onError(400, listSentences)],
    ['errors', 'a spent refresh token is 401', () => onStatus(400, ({ url }) => /\/refresh$/.test(url), 401)],
    [
      'caching',
      'the list is kept',
      () =>
        keepResponse(({ method, url }) => method === 'GET' && usersPath.test(url) && !/emails=/.test(url)),
    ],
    [
      'caching',
      'a search that found nobody is kept',
      () => keepResponse(({ url }) => /emails=/.test(url), /"data":\[\]/),
    ],
    [
      'caching',
      'a user is kept',
      () => keepResponse(({ method, url }) => method === 'GET' && /\/\d+$/.test(url)),
    ],
  ]
}

/** Lists what an API may do otherwise: the contract must let it pass. */
export function listAllowedMeanings(): MeaningChange[] {
  return [
    ['state', 'a user has a further member', () => onUsers((user) => ({ ...user, plan: 'free' }))],
    [
      'state',
      'members in another order',
      () => onUsers((user) => Object.fromEntries(Object.entries(user).reverse())),
    ],
    [
      'state',
      'empty metadata is left out',
      () =>
        onUsers(({ metadata, ...user }) =>
          Object.keys(asRecord(metadata)).length > 0 ? { ...user, metadata } : user,
        ),
    ],
    ['lists', 'a response says how long it took', () => onBodyOf((body) => ({ ...body, took: 3 }))],
    [
      'tokens',
      'a further member',
      () => onData((data) => ('accessToken' in data ? { ...data, scope: 'all' } : data)),
    ],
    [
      'texts',
      'letters are escaped',
      () => ({
        onResponse: ({ text, ...rest }) => ({
          ...rest,
          text: text.replaceAll(
            /[^\0-\x7f]/g,
            (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
          ),
        }),
      }),
    ],
    [
      'texts',
      'a body has line breaks',
      () => ({ onResponse: (response) => ({ ...response, text: `\n${response.text}\n` }) }),
    ],
    [
      'errors',
      'a further member',
      () => onBodyOf((body) => ('error' in body ? { ...body, requestId: 'r1' } : body)),
    ],
    [
      'errors',
      'other words',
      () => ({
        onResponse: (response) => ({
          ...response,
          text: response.text.replaceAll('is not part of this', 'belongs to another'),
        }),
      }),
    ],
  ]
}

const usersPath = /\/users(\?|$)/
const isCreate = ({ method, url }: WireRequest) => method === 'POST' && usersPath.test(url)
const isUpdate = ({ method }: WireRequest) => method === 'PATCH'

function onRequest(change: (request: WireRequest) => WireRequest): Interference {
  return { onRequest: change }
}

function onBody(
  applies: (request: WireRequest) => boolean,
  change: (body: Members) => Members,
): Interference {
  return onRequest((request) =>
    applies(request)
      ? { ...request, text: JSON.stringify(change(asRecord(parseJson(request.text)))) }
      : request,
  )
}

function onQuery(change: (query: URLSearchParams) => void): Interference {
  return onRequest((request) => {
    const [path = '', query] = request.url.split('?')
    if (request.method !== 'GET' || query === undefined) return request
    const changed = new URLSearchParams(query)
    change(changed)
    return { ...request, url: `${path}?${changed}` }
  })
}

function onBodyOf(change: (body: Members, request: WireRequest) => Members): Interference {
  return {
    onResponse: (response: WireResponse, request) => {
      const body = parseJson(response.text)
      return body === undefined
        ? response
        : { ...response, text: JSON.stringify(change({ ...asRecord(body) }, request)) }
    },
  }
}

function onData(change: (data: Members) => Members): Interference {
  return onBodyOf((body) =>
    body.data === undefined || isList(body.data)
      ? body
      : { ...body, data: change({ ...asRecord(body.data) }) },
  )
}

function onList(
  change: (users: readonly unknown[], request: WireRequest) => readonly unknown[],
): Interference {
  return onBodyOf((body, request) =>
    isList(body.data) ? { ...body, data: change(body.data, request) } : body,
  )
}

/** Changes every user in a response: the one, the one beside its tokens, and those of a list. */
function onUsers(change: (user: Members) => Members): Interference {
  return onBodyOf((body) => {
    const { data } = body
    if (isList(data)) return { ...body, data: data.map((user) => change({ ...asRecord(user) })) }
    const one = asRecord(data)
    if ('user' in one) return { ...body, data: { ...one, user: change({ ...asRecord(one.user) }) } }
    return 'email' in one ? { ...body, data: change({ ...one }) } : body
  })
}

function onText(member: string, change: (text: string) => string): Interference {
  return onUsers((user) => {
    const value = user[member]
    return typeof value === 'string' ? { ...user, [member]: change(value) } : user
  })
}

function onMember(name: string, change: (moment: number) => number, also = name): Interference {
  return onData((data) =>
    name in data ? { ...data, [also]: change(Number(data[also])), [name]: change(Number(data[name])) } : data,
  )
}

function onError(status: number, change: (error: Members) => Members): Interference {
  return {
    onResponse: (response) => {
      const body = asRecord(parseJson(response.text))
      if (response.status !== status) return response
      return { ...response, text: JSON.stringify({ ...body, error: change({ ...asRecord(body.error) }) }) }
    },
  }
}

/** The second client is taken for the first one, with its own secret or with that of the first. */
function impersonate(request: WireRequest, bySecret: boolean): WireRequest {
  const secret = request.headers['x-cal-secret-key']
  const headers = (own: string) => ({ ...request.headers, 'x-cal-secret-key': own })
  if (bySecret) {
    if (secret !== demo.secret && secret !== other.secret) return request
    return { ...request, headers: headers(request.url.includes(other.client) ? other.secret : demo.secret) }
  }
  if (!request.url.includes(other.client) || secret !== other.secret) return request
  return { ...request, url: request.url.replace(other.client, demo.client), headers: headers(demo.secret) }
}

/** A secret that is none, of a form, is taken for the one of the first client. */
function repairSecret(request: WireRequest, form: RegExp): WireRequest {
  const secret = request.headers['x-cal-secret-key'] ?? ''
  if (!request.url.includes(demo.client) || !form.test(secret)) return request
  return { ...request, headers: { ...request.headers, 'x-cal-secret-key': demo.secret } }
}

/** The secret is that of the client in the header, which opens the client of the path. */
function authorizeByHeader(request: WireRequest): WireRequest {
  const [named, secret] = [request.headers['x-cal-client-id'], request.headers['x-cal-secret-key']]
  const known = named === other.client && secret === other.secret
  if (!known || !request.url.includes(demo.client)) return request
  return { ...request, headers: { ...request.headers, 'x-cal-secret-key': demo.secret } }
}

function onStatus(from: number, applies: (request: WireRequest) => boolean, to: number): Interference {
  return {
    onResponse: (response, request) =>
      response.status === from && applies(request) ? { ...response, status: to } : response,
  }
}

/** The first response to a request that applies, and that holds the text, stands for all later ones. */
function keepResponse(applies: (request: WireRequest) => boolean, holds = /"success"/): Interference {
  const known = new Map<string, WireResponse>()
  return {
    onResponse: (response, request) => {
      if (!applies(request)) return response
      const key = `${request.url} ${request.text} ${request.headers['x-cal-secret-key']}`
      const first = known.get(key)
      if (first === undefined && holds.test(response.text)) known.set(key, response)
      return first ?? response
    },
  }
}

function shareSchedule(user: Members): Members {
  return user.defaultScheduleId === null ? user : { ...user, defaultScheduleId: 1001 }
}

function loseOnce(): Interference {
  let creations = 0
  return onBody(isCreate, (body) => {
    creations += 1
    // The second one is refused.
    return creations === 3 ? { ...body, name: '' } : body
  })
}

function swapSeventh(): Interference {
  let reads = 0
  let last: unknown
  return onData((data) => {
    if (!('email' in data)) return data
    reads += 1
    const before = last
    last = data
    return reads % 7 === 0 && before !== undefined ? { ...asRecord(before) } : data
  })
}

function capOffset(query: URLSearchParams): void {
  if (Number(query.get('offset')) > 100) query.set('offset', '100')
}

function countPages(query: URLSearchParams): void {
  const skipped = Number(query.get('offset')) * Number(query.get('limit') ?? 50)
  if (query.has('offset')) query.set('offset', `${Math.min(skipped, 250)}`)
}

function listSentences(error: Members): Members {
  const { errors } = asRecord(error.details)
  if (!isList(errors)) return error
  const sentences = errors.flatMap((one) => Object.values(asRecord(asRecord(one).constraints)))
  return { ...error, details: { errors: sentences } }
}

function keepAccessToken(): Interference {
  let first: unknown
  return onData((data) => {
    if (!('accessToken' in data)) return data
    first ??= data.accessToken
    return { ...data, accessToken: first }
  })
}

function keepListed(): Interference {
  const deleted: unknown[] = []
  return onBodyOf((body, { method, url }) => {
    if (method === 'DELETE' && body.status === 'success') deleted.push(body.data)
    return isList(body.data) && !/emails=/.test(url) ? { ...body, data: [...body.data, ...deleted] } : body
  })
}

function issueInMilliseconds(data: Members): Members {
  if (!('accessToken' in data)) return data
  return { ...data, accessToken: forge(data.accessToken, ({ iat }) => ({ iat: Number(iat) * 1_000 })) }
}

function forge(token: unknown, change: (claims: Members) => Members): string {
  const [head = '', payload = '', signature = ''] = String(token).split('.')
  const claims = asRecord(parseJson(Buffer.from(payload, 'base64url').toString()))
  return [
    head,
    Buffer.from(JSON.stringify({ ...claims, ...change(claims) })).toString('base64url'),
    signature,
  ].join('.')
}

function cap(query: URLSearchParams, most: number): void {
  if (Number(query.get('limit')) > most) query.set('limit', `${most}`)
}

function keepAddresses(query: URLSearchParams, count: number): void {
  const emails = query.get('emails')
  if (emails !== null) query.set('emails', emails.split(',').slice(0, count).join(','))
}

function loseDottedKeys({ metadata, ...user }: Members): Members {
  const kept = Object.entries(asRecord(metadata)).filter(([name]) => !name.includes('.'))
  return { ...user, metadata: Object.fromEntries(kept) }
}

/** As a database that counts the rows which it has changed. */
function refuseSame(): Interference {
  const names = new Map<string, unknown>()
  return {
    onResponse: (response, { method, url, text }) => {
      const { name } = asRecord(parseJson(text))
      if (method !== 'PATCH' || name === undefined || response.status !== 200) return response
      if (names.get(url) === name) return { ...response, status: 404, text: '{}' }
      names.set(url, name)
      return response
    },
  }
}

function refuseSecondName(): Interference {
  const names = new Set<unknown>()
  return {
    onResponse: (response, request) => {
      const { name } = asRecord(parseJson(request.text))
      if (!isCreate(request) || response.status !== 201) return response
      if (names.has(name)) return { ...response, status: 409, text: '{}' }
      names.add(name)
      return response
    },
  }
}

function lower(query: URLSearchParams): void {
  const emails = query.get('emails')
  if (emails !== null) query.set('emails', emails.toLowerCase())
}

function cut(body: Members, name: string, length: number): Members {
  const text = body[name]
  return typeof text === 'string' ? { ...body, [name]: text.slice(0, length) } : body
}

function keepKeys(body: Members, count: number): Members {
  if (!('metadata' in body)) return body
  return { ...body, metadata: Object.fromEntries(Object.entries(asRecord(body.metadata)).slice(0, count)) }
}

function loseFalse(body: Members): Members {
  if (!('metadata' in body)) return body
  const kept = Object.entries(asRecord(body.metadata)).filter(([, value]) => value !== false)
  return { ...body, metadata: Object.fromEntries(kept) }
}

function mergeMetadata(body: Members): Members {
  return 'metadata' in body ? { ...body, metadata: { tenant: 'Acme', ...asRecord(body.metadata) } } : body
}

function dropNull(body: Members): Members {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
}

function lowerKeys(value: unknown): Members {
  return Object.fromEntries(Object.entries(asRecord(value)).map(([name, one]) => [name.toLowerCase(), one]))
}
