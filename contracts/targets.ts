import { startCalCom } from '../mocks/cal-com/server.ts'
import { mockHeader } from '../mocks/choice.ts'
import { openRunning, openUpstream, type Target, type Traits } from './target.ts'
import type { Tenant } from './tenant.ts'

/** A target that is opened when it is needed. */
export interface TargetChoice {
  readonly name: string
  open(): Promise<Target>
}

type Environment = Readonly<Record<string, string | undefined>>

/** The OAuth clients of the stateful mock. */
const demo: Tenant = { clientId: 'cm9demo000001abcd1234efgh', secret: 'demo-secret' }
const demoOther: Tenant = { clientId: 'cm9other00001abcd1234efgh', secret: 'other-secret' }

/** Milliseconds after which a target that does not respond is unreachable. */
const reachTimeout = 3_000

/**
 * Chooses what to test: both mocks, or what the environment puts in their place. `CONTRACT_UPSTREAM` is an upstream,
 * `CONTRACT_REST` and `CONTRACT_MCP` are a gateway that runs already. Throws a `RangeError` in one line.
 */
export function chooseTargets(environment: Environment): TargetChoice[] {
  const { CONTRACT_UPSTREAM: upstream, CONTRACT_REST: rest, CONTRACT_MCP: mcp } = environment
  const { CONTRACT_KEY: key } = environment
  if (Boolean(rest) !== Boolean(mcp)) throw new RangeError('CONTRACT_REST and CONTRACT_MCP go together')
  if (upstream && rest)
    throw new RangeError('CONTRACT_UPSTREAM is tested behind a gateway of its own: leave CONTRACT_REST out')
  for (const url of [upstream, rest, mcp])
    if (url && !URL.canParse(url))
      throw new RangeError('CONTRACT_UPSTREAM, CONTRACT_REST and CONTRACT_MCP are URLs')
  if (upstream) return [{ name: 'upstream', open: () => openFound('upstream', upstream, environment) }]
  if (rest && mcp) {
    const open = async () => {
      await probe('The gateway', rest)
      await probe('The gateway', mcp)
      return openRunning(rest, mcp, readTraits(environment, 'gateway', undefined), key || undefined)
    }
    return [{ name: 'gateway', open }]
  }
  // Loading Prism takes as long as loading all else, and only these targets need it.
  const loadPrism = async () => (await import('../mocks/prism.ts')).startPrism()
  return [
    { name: 'Prism', open: () => openMock('Prism', loadPrism) },
    { name: 'stateful mock', open: () => openMock('stateful mock', () => startCalCom({ throttles: false })) },
  ]
}

/**
 * Decides what may be done to a target. Only a mock that says so by its header may be changed without `ALLOW_WRITES=1`,
 * wherever it runs. `CONTRACT_MEMORY` is 0 or 1 where the target's own header does not say whether it remembers.
 */
export function readTraits(environment: Environment, name: string, mock: string | undefined): Traits {
  const { CONTRACT_MEMORY: memory, ALLOW_WRITES, CONTRACT_CLIENT_ID, CONTRACT_SECRET_KEY } = environment
  const { CONTRACT_OTHER_CLIENT_ID: otherId, CONTRACT_OTHER_SECRET_KEY: otherSecret } = environment
  const writes = mock !== undefined || ALLOW_WRITES === '1'
  const other = otherId && otherSecret ? { clientId: otherId, secret: otherSecret } : undefined
  const isDemo = !CONTRACT_CLIENT_ID || CONTRACT_CLIENT_ID === demo.clientId
  const second = other ?? (isDemo && mock === 'stateful' ? demoOther : undefined)
  return {
    name,
    clientId: CONTRACT_CLIENT_ID || demo.clientId,
    secret: CONTRACT_SECRET_KEY || demo.secret,
    writes,
    stateless: mock === 'prism',
    remembers: mock === undefined ? memory !== '0' : mock === 'stateful',
    ...(second && { other: second }),
  }
}

/** Returns the name of the mock that listens there, if it is one. Throws a `RangeError` within three seconds. */
export async function probe(name: string, url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(reachTimeout) })
    await response.body?.cancel()
    return response.headers.get(mockHeader) ?? undefined
  } catch {
    throw new RangeError(`${name} does not respond at ${new URL(url).host}.`)
  }
}

async function openFound(name: string, url: string, environment: Environment): Promise<Target> {
  return openUpstream(url, readTraits(environment, name, await probe(`The ${name}`, url)))
}

async function openMock(
  name: string,
  start: () => Promise<AsyncDisposable & { readonly url: string }>,
): Promise<Target> {
  const mock = await start()
  const target = await openFound(name, mock.url, {})
  return {
    ...target,
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]()
      await mock[Symbol.asyncDispose]()
    },
  }
}
