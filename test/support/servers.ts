/** What came of a call, in the same words for both doors. */
export interface Outcome {
  readonly status: number
  /** The gateway's own code; undefined when the upstream answered. */
  readonly code: string | undefined
  readonly outcome: string | undefined
  readonly recovery: string | undefined
  /** Body of the answer: on MCP the text of the tool's result. */
  readonly text: string
  readonly headers: Headers
}

/** Where both doors of a gateway are. */
export interface Doors {
  readonly restUrl: string
  readonly mcpUrl: string
}

/** A call in both languages. */
export interface CallSpec {
  readonly method: string
  /** Below `/v1/v2`. */
  readonly path: string
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

const clientId = 'cm9demo'
const users = `/oauth-clients/${clientId}/users`
const newUser = { email: 'ada@example.org', name: 'Ada' }

/** One call of each operation, by a name of its own. */
export const calls = {
  list: { method: 'GET', path: users, tool: 'get-all-managed-users', arguments: { clientId } },
  get: {
    method: 'GET',
    path: `${users}/4711`,
    tool: 'get-managed-user',
    arguments: { clientId, userId: 4711 },
  },
  create: {
    method: 'POST',
    path: users,
    tool: 'create-managed-user',
    arguments: { clientId, body: newUser },
    body: newUser,
  },
  update: {
    method: 'PATCH',
    path: `${users}/4711`,
    tool: 'update-managed-user',
    arguments: { clientId, userId: 4711, body: { bio: null } },
    body: { bio: null },
  },
  delete: {
    method: 'DELETE',
    path: `${users}/4711`,
    tool: 'delete-managed-user',
    arguments: { clientId, userId: 4711 },
  },
  'force-refresh': {
    method: 'POST',
    path: `${users}/4711/force-refresh`,
    tool: 'force-refresh-tokens',
    arguments: { clientId, userId: 4711 },
  },
  refresh: {
    method: 'POST',
    path: `/oauth/${clientId}/refresh`,
    tool: 'refresh-managed-user-tokens',
    arguments: { clientId, body: { refreshToken: 'demo' } },
    body: { refreshToken: 'demo' },
  },
} as const satisfies Record<string, CallSpec>

/** Name of one of the calls. */
export type CallName = keyof typeof calls

/** The operations that change something. */
export const writes = ['create', 'update', 'delete', 'force-refresh', 'refresh'] as const

/** What a call comes with beside what it says. */
export interface Extras {
  readonly secret?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The request of a call at the REST door. */
export function toRestRequest({ method, path, body }: CallSpec, { secret, headers, signal }: Extras = {}) {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  return {
    path: `/v1/v2${path}`,
    init: {
      method,
      headers: { 'x-cal-secret-key': secret ?? 'demo-secret', ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    },
  }
}

/** The request of the same call at the MCP door, as a client of the initialize era sends it. */
export function toMcpRequest(
  { tool: name, arguments: values }: CallSpec,
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

/** The doors by name, each with its way to make a call. */
export const doors = {
  async rest({ restUrl }: Doors, call: CallSpec, extras?: Extras): Promise<Outcome> {
    const { path, init } = toRestRequest(call, extras)
    const response = await fetch(restUrl + path, init)
    const { status, headers } = response
    const text = await response.text()
    const own = headers.get('content-type') === 'application/problem+json'
    const { code, outcome, recovery } = own ? JSON.parse(text) : {}
    return { status, code, outcome, recovery, text, headers }
  },
  async mcp({ mcpUrl }: Doors, call: CallSpec, extras?: Extras): Promise<Outcome> {
    const { path, init } = toMcpRequest(call, extras)
    const response = await fetch(mcpUrl + path, init)
    const { result } = JSON.parse(await response.text())
    const { error } = result.structuredContent
    const { code, outcome, recovery } = error?.type ? error : {}
    const status = error?.status ?? 200
    return { status, code, outcome, recovery, text: result.content[0].text, headers: response.headers }
  },
} as const

/** Name of a door. */
export type DoorName = keyof typeof doors
