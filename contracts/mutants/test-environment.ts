import { type OpenApiDocument, readDocument } from '../../src/document/document.ts'
import { startGateway } from '../../test/support/gateway.ts'
import { createCreatedUsers } from '../created-users.ts'
import { eras, openMcpClient } from '../mcp-client.ts'
import { startRecorder } from '../recorder.ts'
import { openRestClient } from '../rest-client.ts'
import { openUpstreamClient, type Target } from '../target.ts'
import { readTraits } from '../targets.ts'
import type { MutatedPlace } from './behaviour-mutants.ts'
import { type MutatingProxy, startMutatingProxy } from './mutating-proxy.ts'

/** Where a proxy can be put: also between the recorder and the mock, where the mock's responses are spoiled. */
export type ProxyPlace = MutatedPlace | 'mock'

/** A gateway with a recorder behind it, and proxies wherever something is to be spoiled. */
export interface TestEnvironment extends AsyncDisposable {
  readonly target: Target
  readonly proxies: ReadonlyMap<ProxyPlace, MutatingProxy>
}

/** What an environment is made of. */
export interface EnvironmentOptions {
  /** A mock that responds as a `Prefer` header asks for and remembers nothing. */
  readonly mock: string
  /** Served by the gateway; by default the one of this repository. */
  readonly document?: OpenApiDocument
  readonly places?: readonly ProxyPlace[]
  /** The protocol eras to connect to, all by default. */
  readonly speak?: readonly (typeof eras)[number][]
}

/** Starts an environment on free ports. Whatever started is closed again when a later part fails. */
export async function openTestEnvironment({
  mock,
  document = readDocument(),
  places = [],
  speak = eras,
}: EnvironmentOptions): Promise<TestEnvironment> {
  await using opening = new AsyncDisposableStack()
  const proxies = new Map<ProxyPlace, MutatingProxy>()
  const pass = async (place: ProxyPlace, url: string) => {
    if (!places.includes(place)) return url
    const { origin, pathname } = new URL(url)
    const proxy = opening.use(await startMutatingProxy(origin))
    proxies.set(place, proxy)
    return proxy.url + pathname.replace(/\/$/, '')
  }
  const recorder = opening.use(await startRecorder(await pass('mock', mock)))
  // The suite deletes more than a model may, and that limit is no part of the contract.
  const limits = { MCP_DELETE_LIMIT: 'off' }
  const upstreamUrl = await pass('upstream', recorder.url)
  const gateway = opening.use(await startGateway(upstreamUrl, limits, { document }))
  const rest = openRestClient(await pass('rest', gateway.restUrl))
  opening.defer(() => rest.close())
  const mcpUrl = await pass('mcp', `${gateway.mcpUrl}/mcp`)
  const mcp = await Promise.all(speak.map((era) => openMcpClient(mcpUrl, era)))
  for (const server of mcp) opening.defer(() => server.close())
  const upstream = openUpstreamClient(recorder.url)
  opening.defer(() => upstream.close())
  const opened = opening.move()
  const close = () => opened.disposeAsync()
  const traits = { ...readTraits({}, 'mutant', 'prism'), tellable: true, configured: false }
  const kept = { created: createCreatedUsers(), exchanges: [], lifecycles: new Map() }
  const servers = { rest, mcp, [Symbol.asyncDispose]: close }
  const target = { ...traits, ...kept, servers, upstream, recorder, [Symbol.asyncDispose]: close }
  return { target, proxies, [Symbol.asyncDispose]: close }
}
