import { setTimeout } from 'node:timers/promises'
import { asRecord } from '../src/document/json.ts'
import { startGateway } from '../test/support/gateway.ts'
import { breakCall, type CallArguments, type CallResult } from './call-result.ts'
import { type CreatedUsers, createCreatedUsers, notSent } from './created-users.ts'
import { type Exchange, recordCall } from './exchanges.ts'
import type { Lifecycle } from './lifecycle.ts'
import { eras, type McpClient, openMcpClient } from './mcp-client.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import type { OperationFacts } from './requirements.ts'
import { openRestClient, type RestClient, type RestRequest, toRestRequest } from './rest-client.ts'
import type { Tenant } from './tenant.ts'

/** Both servers of a gateway, MCP in each era. */
export interface Servers extends AsyncDisposable {
  readonly rest: RestClient
  readonly mcp: readonly McpClient[]
}

/** The upstream itself. */
export interface UpstreamClient extends RestClient {
  /** Calls an operation for the client of the path, with another id in the header `x-cal-client-id`. */
  callAs(operation: OperationFacts, values: CallArguments, clientId: string): Promise<CallResult>
}

/** What is tested: a gateway, and the upstream behind it as far as it can be seen. */
export interface Target extends Tenant, AsyncDisposable {
  readonly name: string
  readonly servers: Servers
  /** Straight to the upstream, past every gateway; absent where it cannot be reached. */
  readonly upstream?: UpstreamClient
  readonly recorder?: Recorder
  /** Opens another gateway of this build before the recorder, once for the same variables; the target closes it. */
  readonly build?: (environment: Record<string, string>) => Promise<Servers>
  /** True when the upstream returns what a `Prefer` header asks for. */
  readonly tellable: boolean
  /** True when what one call changes, the next one sees. */
  readonly remembers: boolean
  /** True for a mock that says that it keeps nothing: it has no user to change. */
  readonly stateless: boolean
  /** False where nothing may be changed. */
  readonly writes: boolean
  /** True when the gateway has credentials of its own, so that calls bring none. */
  readonly configured: boolean
  /** What the policy of a gateway with configured credentials offers to models; absent where it offers everything. */
  readonly policy?: { readonly tools: ReadonlySet<string>; readonly redactsTokens: boolean }
  /** A second OAuth client of the same upstream. */
  readonly other?: Tenant
  readonly created: CreatedUsers
  /** What the run asked of the upstream and of the gateway's servers, and what came, in the order of the responses. */
  readonly exchanges: Exchange[]
  /** The lives of users that were observed through each server, by its name. */
  readonly lifecycles: Map<string, Promise<Lifecycle>>
}

/** What is known of a target before it is opened. */
export type Traits = Pick<
  Target,
  'name' | 'remembers' | 'stateless' | 'writes' | 'clientId' | 'secret' | 'other'
> & {
  /** Users that may be created at most, where it is not as usual. */
  readonly creations?: number
}

/** Puts a gateway of this build, and a recorder, in front of an upstream. */
export async function openUpstream(url: string, traits: Traits): Promise<Target> {
  await using opening = new AsyncDisposableStack()
  const created = createCreatedUsers(traits.creations)
  const exchanges: Exchange[] = []
  const recorder = opening.use(
    await startRecorder(url, {
      created: traits.stateless ? undefined : created,
      onExchange: (exchange) => exchanges.push(exchange),
    }),
  )
  const gateway = opening.use(await openGateway(recorder.url, {}))
  const note = (exchange: Exchange) => {
    if (!recorder.canned && !recorder.script && recorder.prefer === undefined) exchanges.push(exchange)
  }
  const servers = {
    ...gateway,
    rest: recordCalls(gateway.rest, note),
    mcp: gateway.mcp.map((one) => recordCalls(one, note)),
  }
  const others = opening.use(new AsyncDisposableStack())
  const built = new Map<string, Promise<Servers>>()
  const build = (environment: Record<string, string>) => {
    const key = JSON.stringify(environment)
    const known =
      built.get(key) ?? openGateway(recorder.url, environment).then((gateway) => others.use(gateway))
    built.set(key, known)
    return known
  }
  const upstream = openUpstreamClient(recorder.url)
  opening.defer(() => upstream.close())
  const opened = opening.move()
  const tellable = await isTellable(recorder, upstream, traits)
  return {
    ...traits,
    servers,
    upstream,
    recorder,
    build,
    tellable,
    configured: false,
    created,
    exchanges,
    lifecycles: new Map(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Connects to a gateway that runs already; nothing of its upstream is to be seen. */
export async function openRunning(rest: string, mcp: string, traits: Traits, key?: string): Promise<Target> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const opened = await openServers(rest, mcp, headers)
  const created = createCreatedUsers(traits.creations)
  const exchanges: Exchange[] = []
  const watch = <Client extends RestClient | McpClient>(client: Client) =>
    protect(
      recordCalls(client, (exchange) => exchanges.push(exchange)),
      created,
    )
  const servers = {
    ...opened,
    rest: watch(opened.rest),
    mcp: opened.mcp.map((one) => keepPace(watch(one))),
  }
  const tools = (await opened.mcp[0]?.listTools()) ?? []
  const configured = !tools.some((tool) => 'x-cal-secret-key' in readProperties(tool))
  const policy = {
    tools: new Set(tools.map((tool) => String(asRecord(tool).name))),
    redactsTokens: !tools.some((tool) =>
      JSON.stringify(asRecord(tool).outputSchema ?? '').includes('"accessToken":'),
    ),
  }
  return {
    ...traits,
    servers,
    tellable: false,
    configured,
    ...(configured && { policy }),
    created,
    exchanges,
    lifecycles: new Map(),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

function readProperties(tool: unknown): Readonly<Record<string, unknown>> {
  return asRecord(asRecord(asRecord(tool).inputSchema).properties)
}

/** Puts something around each call of a client, which gets the request that the call is on REST. */
function surround<Client extends RestClient | McpClient>(
  client: Client,
  around: (request: RestRequest, send: () => Promise<CallResult>) => Promise<CallResult>,
): Client {
  const call: Client['call'] = (operation, values) =>
    around(toRestRequest(operation, values), () => client.call(operation, values))
  if (!('send' in client)) return { ...client, call }
  const send: RestClient['send'] = (request) => around(request, () => client.send(request))
  return { ...client, call, send }
}

/** Tells of each call of a client and of its result. */
function recordCalls<Client extends RestClient | McpClient>(
  client: Client,
  note: (exchange: Exchange) => void,
): Client {
  return surround(client, async (request, send) => {
    const result = await send()
    note(recordCall(client.name, request, result))
    return result
  })
}

/** Learns which users are made, and sends no change of any other user. */
function protect<Client extends RestClient | McpClient>(client: Client, created: CreatedUsers): Client {
  return surround(client, async (request, send) => {
    if (!created.mayChange(request)) return breakCall(notSent)
    const result = await send()
    // A tool's success has no status.
    created.note(request, result.status ?? (result.kind === 'success' ? 200 : undefined), result.body)
    return result
  })
}

/** A gateway lets a client delete so often and no more, so the tests wait until it may go on. */
function keepPace(client: McpClient): McpClient {
  const call: McpClient['call'] = async (operation, values) => {
    const result = await client.call(operation, values)
    const { retryAfter } = asRecord(result.body)
    if (result.code !== 'rate_limited' || typeof retryAfter !== 'number') return result
    await setTimeout(retryAfter * 1_000)
    return call(operation, values)
  }
  return { ...client, call }
}

/** Opens the client of the upstream itself, whose paths are the document's. */
export function openUpstreamClient(url: string): UpstreamClient {
  const client = openRestClient(url)
  const translate = (facts: OperationFacts) => {
    const rest = facts.operation.split(' ')[1]?.replaceAll(/\{\w+\}/g, (variable) => variable.toLowerCase())
    return { ...facts, rest: rest ?? '' }
  }
  const callAs = (operation: OperationFacts, values: CallArguments, header: string) => {
    const request = toRestRequest(translate(operation), values)
    return client.send({ ...request, headers: { ...request.headers, 'x-cal-client-id': header } })
  }
  return {
    ...client,
    surface: 'upstream',
    name: 'Cal.com',
    // As the gateway does: without the header Cal.com counts all clients of this address as one.
    call: (operation, values) => callAs(operation, values, String(values.clientId)),
    callAs,
  }
}

async function openServers(
  restUrl: string,
  mcpUrl: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Servers> {
  const rest = openRestClient(restUrl, headers)
  const mcp = await Promise.all(eras.map((era) => openMcpClient(mcpUrl, era, headers)))
  const close = async () => {
    await Promise.all([rest, ...mcp].map((server) => server.close()))
  }
  return { rest, mcp, [Symbol.asyncDispose]: close }
}

async function openGateway(upstream: string, environment: Record<string, string>): Promise<Servers> {
  const gateway = await startGateway(upstream, { MCP_DELETE_LIMIT: 'off', ...environment })
  const servers = await openServers(gateway.restUrl, `${gateway.mcpUrl}/mcp`)
  const close = async () => {
    await servers[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
  }
  return { ...servers, [Symbol.asyncDispose]: close }
}

/** Asks twice: one broken response must not pass for an upstream that does not listen. */
async function isTellable(recorder: Recorder, upstream: RestClient, { clientId, secret }: Traits) {
  const path = `/v2/oauth-clients/${clientId}/users/4711`
  const headers = { 'x-cal-secret-key': secret }
  const responses: (number | undefined)[] = []
  for (const status of [403, 429]) {
    recorder.prefer = `code=${status}`
    const { status: got } = await upstream.send({ method: 'GET', path, headers, body: undefined })
    responses.push(got === status ? got : undefined)
  }
  recorder.prefer = undefined
  recorder.requests.length = 0
  return responses.some((one) => one !== undefined)
}
