import { startCalCom } from '../mocks/cal-com/server.ts'
import { startPrism } from '../mocks/prism.ts'
import { openRunning, openUpstream, readCaller, type Target } from './target.ts'

/** A target that is opened when its turn comes. */
export interface TargetChoice {
  readonly name: string
  open(): Promise<Target>
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Chooses what to test: both mocks, or what the environment puts in their place. `CONTRACT_UPSTREAM` is an
 * upstream, `CONTRACT_REST` and `CONTRACT_MCP` are a gateway that runs already. Away from this machine nothing
 * is changed unless `ALLOW_WRITES` is 1; `CONTRACT_MEMORY=1` says that the upstream remembers. Throws a
 * `RangeError` in one line.
 */
export function chooseTargets(environment: Environment): TargetChoice[] {
  const { CONTRACT_UPSTREAM: upstream, CONTRACT_REST: rest, CONTRACT_MCP: mcp } = environment
  if (Boolean(rest) !== Boolean(mcp)) throw new RangeError('CONTRACT_REST and CONTRACT_MCP go together')
  if (upstream && rest)
    throw new RangeError('CONTRACT_UPSTREAM is tested behind a gateway of its own: leave CONTRACT_REST out')
  for (const url of [upstream, rest, mcp])
    if (url && !URL.canParse(url))
      throw new RangeError('CONTRACT_UPSTREAM, CONTRACT_REST and CONTRACT_MCP are URLs')
  if (upstream)
    return [
      { name: 'upstream', open: () => openUpstream(upstream, readTraits(environment, 'upstream', upstream)) },
    ]
  if (rest && mcp)
    return [{ name: 'gateway', open: () => openRunning(rest, mcp, readTraits(environment, 'gateway', rest)) }]
  return [
    { name: 'Prism', open: () => openMock('Prism', startPrism, false) },
    { name: 'Cal.com that remembers', open: () => openMock('Cal.com that remembers', startUnhurried, true) },
  ]
}

/** What may be done to a target at that address, and by whom. */
export function readTraits(environment: Environment, name: string, url: string) {
  const { CONTRACT_MEMORY, ALLOW_WRITES } = environment
  return {
    ...readCaller(environment),
    name,
    remembers: CONTRACT_MEMORY === '1',
    writes: ALLOW_WRITES === '1' || isHere(url),
  }
}

function isHere(url: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname)
}

/** Its clock goes half a second a look, so that its throttle, which is no part of the contract here, never closes. */
function startUnhurried() {
  let now = Date.UTC(2026, 10, 23, 10)
  return startCalCom({
    clock: () => {
      now += 500
      return now
    },
  })
}

async function openMock(
  name: string,
  start: () => Promise<AsyncDisposable & { readonly url: string }>,
  remembers: boolean,
): Promise<Target> {
  const mock = await start()
  const target = await openUpstream(mock.url, { ...readCaller({}), name, remembers, writes: true })
  return {
    ...target,
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]()
      await mock[Symbol.asyncDispose]()
    },
  }
}
