import type { OperationFacts } from '../requirements.ts'
import type { WireRequest } from './mutating-proxy.ts'
import { mapBody, mapPath, mapQuery, mapValues, swap, withHeader, without } from './wire-changes.ts'

/** What the capability says of an operation, as far as the mutants need it. */
export type MutatedOperation = Pick<OperationFacts, 'operation' | 'rest' | 'tool' | 'arguments'>

/** One thing done wrong with an upstream request. */
export type RequestChange = (request: WireRequest) => WireRequest

/** Lists what can go wrong with a request of an operation between gateway and upstream, each with its name. */
export function listRequestChanges(facts: MutatedOperation): [string, RequestChange][] {
  const [method = '', path = ''] = facts.operation.split(' ')
  const hasBody = facts.arguments.includes('body')
  const headers = ['x-cal-secret-key', 'x-cal-client-id', 'accept', 'user-agent']
  const lost = [...headers, ...(hasBody ? ['content-type'] : [])].map((name): [string, RequestChange] => [
    `header ${name} dropped`,
    (request) => ({ ...request, headers: without(request.headers, name) }),
  ])
  const altered = ['x-cal-secret-key', 'x-cal-client-id'].map((name): [string, RequestChange] => [
    `header ${name} altered`,
    (request) => withHeader(request, name, 'someone-else'),
  ])
  const leaked = ['authorization', 'cookie', 'x-forwarded-for', 'prefer'].map(
    (name): [string, RequestChange] => [
      `header ${name} added`,
      (request) => withHeader(request, name, name === 'prefer' ? 'wait=1' : 'leaked'),
    ],
  )
  const client = path.split('/').indexOf('{clientId}')
  const user = path.split('/').indexOf('{userId}')
  const places: [string, RequestChange][] = [
    ['client altered', (request) => mapPath(request, (names) => names.with(client, 'someone-else'))],
    [
      'query added',
      (request) => ({ ...request, url: `${request.url}${/\?/.test(request.url) ? '&' : '?'}take=1` }),
    ],
    ['method altered', (request) => ({ ...request, method: method === 'GET' ? 'DELETE' : 'GET' })],
  ]
  const users: [string, RequestChange][] = [
    [
      'user altered',
      (request) => mapPath(request, (names) => names.with(user, String(Number(names[user]) + 1))),
    ],
    ['user and client swapped', (request) => mapPath(request, (names) => swap(names, user, client))],
  ]
  const bodies: [string, RequestChange][] = [
    [
      'body member dropped',
      (request) => mapBody(request, (body) => Object.fromEntries(Object.entries(body).slice(1))),
    ],
    ['body member added', (request) => mapBody(request, (body) => ({ ...body, surplus: true }))],
    ['body members turned to text', (request) => mapBody(request, (body) => mapValues(body, String))],
    ['body lost', (request) => ({ ...request, text: '' })],
  ]
  const queries = ['limit', 'offset', 'emails'].map((name): [string, RequestChange] => [
    `query ${name} dropped`,
    (request) => mapQuery(request, (parts) => parts.filter((part) => !part.startsWith(`${name}=`))),
  ])
  const swaps: [string, RequestChange][] = [
    [
      'limit and offset swapped',
      (request) => ({
        ...request,
        url: request.url.replace('limit=', 'x=').replace('offset=', 'limit=').replace('x=', 'offset='),
      }),
    ],
    [
      'plus signs of emails unescaped',
      (request) => ({ ...request, url: request.url.replaceAll('%2B', '+') }),
    ],
  ]
  return [
    ...lost,
    ...altered,
    ...leaked,
    ...places,
    ...(user < 0 ? [] : users),
    ...(hasBody ? bodies : []),
    ...(facts.arguments.includes('limit') ? [...queries, ...swaps] : []),
  ]
}
