import { Pool } from 'undici'
import { breakCall, type CallArguments, type CallResult, readHttpResponse } from './call-result.ts'
import type { OperationFacts } from './requirements.ts'
import type { ServerClient } from './server-client.ts'

/** A request as it goes to the REST server, before anybody checks it. */
export interface RestRequest {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
}

/** What Cal.com's throttle leaves a client. */
export interface CallBudget {
  /** Calls. */
  readonly remaining: number
  /** Seconds until there are more. */
  readonly reset: number
}

/** The REST server, which also takes requests that are no call of an operation. */
export interface RestClient extends ServerClient {
  send(request: RestRequest): Promise<CallResult>
  /** What the last response to a client said of its budget. */
  readonly budgets: Map<string, CallBudget>
}

/** Opens the REST server of a gateway. */
export function openRestClient(url: string, own: Readonly<Record<string, string>> = {}): RestClient {
  // A path prefix of the URL, as a deployment may have one, stays in front of every path.
  const { origin, pathname } = new URL(url)
  const prefix = pathname.replace(/\/$/, '')
  // A connection that has idled for longer may be closing just when a call leaves on it, whatever the server says.
  const keepAliveMaxTimeout = 4_000
  const pool = new Pool(origin, {
    connections: 8,
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
    keepAliveMaxTimeout,
  })
  const budgets = new Map<string, CallBudget>()
  const send = async ({ method, path, headers, body }: RestRequest) => {
    const options = { method, path: prefix + path, headers: { ...own, ...headers }, body: body ?? null }
    try {
      const response = await pool.request(options)
      const budget = readBudget(response.headers)
      const [, client = ''] = /\/oauth(?:-clients)?\/([^/]+)/.exec(path) ?? []
      if (budget) budgets.set(client, budget)
      return readHttpResponse(response.statusCode, response.headers, await response.body.text())
    } catch (error) {
      return breakCall(String(error))
    }
  }
  return {
    surface: 'rest',
    name: 'REST',
    url,
    headers: own,
    send,
    budgets,
    call: (operation, values) => send(toRestRequest(operation, values)),
    close: () => pool.close(),
  }
}

/** Writes a call as the request of the exposed path; what is no path variable, secret or body goes into the query. */
export function toRestRequest({ operation, rest }: OperationFacts, values: CallArguments): RestRequest {
  const { body, 'x-cal-secret-key': secret, ...others } = values
  const used = new Set<string>()
  const path = rest.replaceAll(/\{(\w+)\}/g, (_, variable: string) => {
    const name = Object.keys(others).find((one) => one.toLowerCase() === variable) ?? variable
    used.add(name)
    return encodeURIComponent(String(others[name] ?? ''))
  })
  const query = Object.entries(others)
    .filter(([name]) => !used.has(name))
    .map(([name, value]) => `${encodeURIComponent(name)}=${[value].flat().map(encodeText).join(',')}`)
    .join('&')
  return {
    method: operation.split(' ')[0] ?? '',
    path: query === '' ? path : `${path}?${query}`,
    headers: {
      ...(secret === undefined ? {} : { 'x-cal-secret-key': String(secret) }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  }
}

function readBudget(headers: CallResult['headers']): CallBudget | undefined {
  const remaining = Number(headers['x-ratelimit-remaining-default'])
  const reset = Number(headers['x-ratelimit-reset-default'])
  return Number.isNaN(remaining + reset) ? undefined : { remaining, reset }
}

function encodeText(value: unknown): string {
  return encodeURIComponent(String(value))
}

/** Fetches the document that a REST server shows. */
export function fetchDocument(rest: RestClient): Promise<CallResult> {
  return rest.send({ method: 'GET', path: '/openapi.json', headers: {}, body: undefined })
}
