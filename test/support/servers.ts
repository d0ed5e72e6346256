/** Result of a call, in one form for both servers. */
export interface Outcome {
  readonly status: number
  /** The gateway's own code; undefined for a response of the upstream. */
  readonly code: string | undefined
  readonly outcome: string | undefined
  readonly recovery: string | undefined
  /** Body of the response; on MCP the text of the tool's result. */
  readonly text: string
  readonly headers: Headers
}

/** URLs of both servers of a gateway. */
export interface ServerUrls {
  readonly restUrl: string
  readonly mcpUrl: string
}

/** A call, for REST and for MCP. */
export interface CallSpec {
  readonly method: string
  /** Below `/v1/v2`. */
  readonly path: string
  readonly tool: string
  /** What the scope ends with: `managed-users:read`. */
  readonly scope: 'read' | 'write' | 'delete' | 'tokens'
  readonly arguments: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

const clientId = 'cm9demo'
const users = `/oauth-clients/${clientId}/users`
const newUser = { email: 'ada@example.org', name: 'Ada' }

/** One call of each operation, by a name of its own, in the order of the document. */
export const calls = {
  list: {
    method: 'GET',
    path: users,
    tool: 'get-all-managed-users',
    scope: 'read',
    arguments: { clientId },
  },
  create: {
    method: 'POST',
    path: users,
    tool: 'create-managed-user',
    scope: 'write',
    arguments: { clientId, body: newUser },
    body: newUser,
  },
  get: {
    method: 'GET',
    path: `${users}/4711`,
    tool: 'get-managed-user',
    scope: 'read',
    arguments: { clientId, userId: 4711 },
  },
  update: {
    method: 'PATCH',
    path: `${users}/4711`,
    tool: 'update-managed-user',
    scope: 'write',
    arguments: { clientId, userId: 4711, body: { bio: null } },
    body: { bio: null },
  },
  delete: {
    method: 'DELETE',
    path: `${users}/4711`,
    tool: 'delete-managed-user',
    scope: 'delete',
    arguments: { clientId, userId: 4711 },
  },
  'force-refresh': {
    method: 'POST',
    path: `${users}/4711/force-refresh`,
    tool: 'force-refresh-tokens',
    scope: 'tokens',
    arguments: { clientId, userId: 4711 },
  },
  refresh: {
    method: 'POST',
    path: `/oauth/${clientId}/refresh`,
    tool: 'refresh-managed-user-tokens',
    scope: 'tokens',
    arguments: { clientId, body: { refreshToken: 'demo' } },
    body: { refreshToken: 'demo' },
  },
} as const satisfies Record<string, CallSpec>

/** Name of one of the calls. */
export type CallName = keyof typeof calls

/** Calls that change something. */
export const writes = ['create', 'update', 'delete', 'force-refresh', 'refresh'] as const

/** Secret, headers and signal of a call. */
export interface Extras {
  readonly secret?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Builds the REST request of a call. */
export function toRestRequest({ method, path, body }: CallSpec, { secret, headers, signal }: Extras = {}) {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  return {
    path: `/v1/v2${path}`,
    init: {
      method,
      headers: { 'x-cal-secret-key': secret ?? 'demo-secret', ...json, ...headers },
      // A redirect is a response of the API, as it reaches clients.
      redirect: 'manual' as const,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    },
  }
}

/** Builds the MCP request of a call, as a client of the initialize era sends it. */
export function toMcpRequest(
  { tool: name, arguments: values }: Pick<CallSpec, 'tool' | 'arguments'>,
  { secret, headers, signal }: Extras = {},
) {
  const params = { name, arguments: values }
  return {
    path: '/mcp',
    init: {
      method: 'POST',
      headers: {
        'x-cal-secret-key': secret ?? 'demo-secret',
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
      ...(signal && { signal }),
    },
  }
}

/** Sends a call, by the name of the server. */
export const servers = {
  async rest({ restUrl }: ServerUrls, call: CallSpec, extras?: Extras): Promise<Outcome> {
    const { path, init } = toRestRequest(call, extras)
    const response = await fetch(restUrl + path, init)
    const { status, headers } = response
    const text = await response.text()
    const own = headers.get('content-type') === 'application/problem+json'
    const { code, outcome, recovery } = own ? JSON.parse(text) : {}
    return { status, code, outcome, recovery, text, headers }
  },
  async mcp({ mcpUrl }: ServerUrls, call: CallSpec, extras?: Extras): Promise<Outcome> {
    const { path, init } = toMcpRequest(call, extras)
    const response = await fetch(mcpUrl + path, init)
    const { result } = JSON.parse(await response.text())
    const { error } = result.structuredContent
    const { code, outcome, recovery } = error?.type ? error : {}
    const status = error?.status ?? 200
    return { status, code, outcome, recovery, text: result.content[0].text, headers: response.headers }
  },
} as const

/** Name of a server. */
export type ServerName = keyof typeof servers
