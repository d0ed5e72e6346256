import { startCalCom } from '../../mocks/cal-com/server.ts'
import { removeCreatedUsers } from '../cleanup.ts'
import { openRunning, openUpstream, type Traits } from '../target.ts'
import { readTraits } from '../targets.ts'
import { describeFinding, listTestCases, type TestCase } from '../test-cases.ts'
import { type GatewayGroup, listAllowedChanges, listGatewayChanges } from './gateway-changes.ts'
import type { Material } from './material.ts'
import { listAllowedMeanings, listMeaningChanges, type MeaningGroup } from './meaning-changes.ts'
import type { Mutant, MutantResult } from './mutant.ts'
import { startMutatingProxy } from './mutating-proxy.ts'

/** Requirements that make a hundred calls: they come last. */
const costly = new Set(['state.page-size', 'values.accepted'])

/** A limit over all mutants of a class would refuse the creations of the later ones, which would count as caught. */
const creations = Number.POSITIVE_INFINITY
const remembering: Traits = { ...readTraits({}, 'mutant', 'stateful'), creations }

/** What somebody says who tests a gateway from outside. */
const outside = {
  ALLOW_WRITES: '1',
  CONTRACT_MEMORY: '1',
  CONTRACT_OTHER_CLIENT_ID: 'cm9other00001abcd1234efgh',
  CONTRACT_OTHER_SECRET_KEY: 'other-secret',
}

/** Requirements that show a class of gateway mutants first. */
const telling: Readonly<Record<GatewayGroup, RegExp>> = {
  'tool schemas': /^tool\.(schema|arguments)/,
  'tool words': /^tool\./,
  'served document': /^document\./,
  problems: /^problem\.|^secret\.required/,
  privacy: /^privacy\./,
  headers: /^(response\.(no-store|foreign|rate)|route\.method|problem\.truth)/,
  idempotency: /^idempotency\./,
  arguments:
    /^(arguments\.(unknown|repeated)|route\.exact|body\.|limit\.|offset\.|state\.|secret\.|userId\.s|timeFormat)/,
  results: /^(state|error|response|result)\./,
  credentials: /^(secret|source|tool)\./,
  protocol: /^(era|tool)\./,
}

/** Tests what an API can do wrong though every member has its type, on the API itself, by a mock that remembers. */
export async function* testMeaning(
  group: MeaningGroup,
  { requirements, select }: Material,
): AsyncGenerator<MutantResult> {
  await using mock = await startCalCom({ throttles: false })
  await using proxy = await startMutatingProxy(mock.url)
  await using target = await openUpstream(proxy.url, remembering)
  const changes = [
    ...listMeaningChanges().map((change) => ({ change, allowed: false })),
    ...listAllowedMeanings().map((change) => ({ change, allowed: true })),
  ]
  const own = changes.filter(({ change }) => change[0] === group)
  for (const [index, { change, allowed }] of own.entries()) {
    const [, name, plant] = change
    const mutant: Mutant = { class: group, name: `${group}: ${name}`, operations: [], allowed }
    if (!select(mutant, index)) continue
    target.lifecycles.clear()
    target.exchanges.length = 0
    proxy.interfere(plant())
    const testCases = listTestCases(target, requirements)
      .filter(({ surface, requirement }) => surface === 'upstream' && requirement.needs.includes('memory'))
      .sort((a, b) => Number(costly.has(a.requirement.id)) - Number(costly.has(b.requirement.id)))
    const finding = await findFailure(testCases)
    proxy.interfere({})
    await removeCreatedUsers(target, requirements.operations)
    yield { mutant, finding }
  }
}

/** Tests what a gateway can do wrong, on a gateway that runs already: nothing behind it is seen. */
export async function* testGateway(
  group: GatewayGroup,
  { requirements, select }: Material,
): AsyncGenerator<MutantResult> {
  await using mock = await startCalCom({ throttles: false })
  await using gateway = await openUpstream(mock.url, remembering)
  await using rest = await startMutatingProxy(gateway.servers.rest.url)
  await using mcp = await startMutatingProxy(new URL(gateway.servers.mcp[0]?.url ?? '').origin)
  const proxies = { rest, mcp }
  const changes = [
    ...listGatewayChanges().map((change) => ({ change, allowed: false })),
    ...listAllowedChanges().map((change) => ({ change, allowed: true })),
  ]
  const own = changes.filter(({ change }) => change[0] === group)
  for (const [index, { change, allowed }] of own.entries()) {
    const [, name, place, plant] = change
    const mutant: Mutant = { class: group, name: `${group}: ${name}`, operations: [], allowed }
    if (!select(mutant, index)) continue
    proxies[place].interfere(plant())
    // Clients keep the list of tools for a while, so each mutant meets new ones.
    const traits = { ...readTraits(outside, 'mutant', undefined), creations }
    await using target = await openRunning(rest.url, `${mcp.url}/mcp`, traits)
    const testCases = listTestCases(target, requirements)
      .filter(
        ({ surface, requirement: { id } }) => surface === place && (!allowed || !/^arguments\./.test(id)),
      )
      .sort((a, b) => weigh(a, group) - weigh(b, group))
    const finding = await findFailure(testCases)
    proxies[place].interfere({})
    await removeCreatedUsers(target, requirements.operations)
    yield { mutant, finding }
  }
}

function weigh({ requirement: { id } }: TestCase, group: GatewayGroup): number {
  if (costly.has(id)) return 3
  if (telling[group].test(id)) return 0
  return id.startsWith('arguments.') ? 2 : 1
}

async function findFailure(testCases: readonly TestCase[]): Promise<string | undefined> {
  for (const testCase of testCases.filter(({ obstacle }) => obstacle === undefined)) {
    const [finding] = await testCase.run().catch(() => [])
    if (finding) return describeFinding(finding)
  }
  return undefined
}
