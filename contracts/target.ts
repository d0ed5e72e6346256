import { setTimeout } from 'node:timers/promises'
import { readConfig } from '../src/config/config.ts'
import { readApi } from '../src/document/api.ts'
import { readDocument } from '../src/document/document.ts'
import { asRecord } from '../src/document/json.ts'
import { createGateway } from '../src/gateway.ts'
import { createRunLogger } from '../test/support/run-log.ts'
import { eras, type McpClient, openMcpClient } from './mcp-client.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import type { OperationFacts } from './requirements.ts'
import { openRestClient, type RestClient, toRestRequest } from './rest-client.ts'

/** Both servers of a gateway, MCP in each era. */
export interface Servers extends AsyncDisposable {
  readonly rest: RestClient
  readonly mcp: readonly McpClient[]
}

/** What is tested: a gateway, and the upstream behind it as far as it can be seen. */
export interface Target extends AsyncDisposable {
  readonly name: string
  readonly servers: Servers
  /** Straight to the upstream, past every gateway; absent where it cannot be reached. */
  readonly upstream?: RestClient
  readonly recorder?: Recorder
  /** Opens another gateway of this build before the recorder, configured by these variables. */
  readonly build?: (environment: Record<string, string>) => Promise<Servers>
  /** True when the upstream responds as a `Prefer` header asks for. */
  readonly tellable: boolean
  /** True when what one call changes, the next one sees. */
  readonly remembers: boolean
  /** False where nothing may be changed. */
  readonly writes: boolean
  readonly clientId: string
  readonly secret: string
}

/** Who calls: the client of the mocks, unless the environment names another. */
export function readCaller(environment: Readonly<Record<string, string | undefined>>) {
  const { CONTRACT_CLIENT_ID, CONTRACT_SECRET_KEY } = environment
  return {
    clientId: CONTRACT_CLIENT_ID || 'cm9demo000001abcd1234efgh',
    secret: CONTRACT_SECRET_KEY || 'demo-secret',
  }
}

type Traits = Pick<Target, 'name' | 'remembers' | 'writes' | 'clientId' | 'secret'>

/** Puts a gateway of this build, and a recorder, in front of an upstream. */
export async function openUpstream(url: string, traits: Traits): Promise<Target> {
  await using opening = new AsyncDisposableStack()
  const recorder = await startRecorder(url)
  opening.defer(() => recorder.close())
  const build = (environment: Record<string, string>) => openGateway(recorder.url, environment)
  const servers = opening.use(await build({}))
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
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Goes to a gateway that runs already; nothing of its upstream is to be seen. */
export async function openRunning(rest: string, mcp: string, traits: Traits): Promise<Target> {
  const opened = await openServers(rest, mcp)
  const servers = { ...opened, mcp: opened.mcp.map(keepPace) }
  return { ...traits, servers, tellable: false, [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose]() }
}

/** A gateway lets a client delete so often and no more, so the tests wait until it may go on. */
function keepPace(server: McpClient): McpClient {
  const call: McpClient['call'] = async (operation, values) => {
    const result = await server.call(operation, values)
    const { retryAfter } = asRecord(result.body)
    if (result.code !== 'rate_limited' || typeof retryAfter !== 'number') return result
    await setTimeout(retryAfter * 1_000)
    return call(operation, values)
  }
  return { ...server, call }
}

/** The server of the upstream itself, whose paths are the document's. */
function openUpstreamClient(url: string): RestClient {
  const server = openRestClient(url)
  const translate = (facts: OperationFacts) => {
    const rest = facts.operation.split(' ')[1]?.replaceAll(/\{\w+\}/g, (variable) => variable.toLowerCase())
    return { ...facts, rest: rest ?? '' }
  }
  return {
    ...server,
    call: (operation, values) => {
      const request = toRestRequest(translate(operation), values)
      // As the gateway does: without it Cal.com counts all callers of this address as one.
      const headers = { ...request.headers, 'x-cal-client-id': String(values.clientId) }
      return server.send({ ...request, headers })
    },
  }
}

async function openServers(restUrl: string, mcpUrl: string): Promise<Servers> {
  const rest = openRestClient(restUrl)
  const mcp = await Promise.all(eras.map((era) => openMcpClient(mcpUrl, era)))
  const close = async () => {
    await Promise.all([rest, ...mcp].map((server) => server.close()))
  }
  return { rest, mcp, [Symbol.asyncDispose]: close }
}

async function openGateway(upstream: string, environment: Record<string, string>): Promise<Servers> {
  const config = readConfig(
    { CAL_COM_BASE_URL: upstream, MCP_DELETE_LIMIT: 'off', ...environment },
    readApi(readDocument()),
  )
  const logger = createRunLogger()
  const gateway = await createGateway({ config, document: readDocument(), logger, version: '0.0.0-contract' })
  const listen = { host: '127.0.0.1', port: 0 }
  const servers = await openServers(
    await gateway.rest.listen(listen),
    `${await gateway.mcp.listen(listen)}/mcp`,
  )
  const close = async () => {
    await servers[Symbol.asyncDispose]()
    await gateway.close()
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
