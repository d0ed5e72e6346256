import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeCreatedUsers } from '../../../contracts/cleanup.ts'
import { listMeaningChanges } from '../../../contracts/mutants/meaning-changes.ts'
import { type MutatingProxy, startMutatingProxy } from '../../../contracts/mutants/mutating-proxy.ts'
import { readRequirements } from '../../../contracts/requirements.ts'
import { openUpstream, type Target } from '../../../contracts/target.ts'
import { readTraits } from '../../../contracts/targets.ts'
import { collectFindings, type TestCase } from '../../../contracts/test-cases.ts'
import { type CalComMock, startCalCom } from '../../../mocks/cal-com/server.ts'

const requirements = readRequirements()
const changes = listMeaningChanges()

/** What the upstream itself shows in one life of its users. */
const isTelling = ({ surface, requirement }: TestCase) =>
  surface === 'upstream' &&
  requirement.needs.includes('memory') &&
  !['state.secret', 'state.page-size', 'values.accepted'].includes(requirement.id)

let mock: CalComMock
let proxy: MutatingProxy
let target: Target
beforeAll(async () => {
  mock = await startCalCom({ throttles: false })
  proxy = await startMutatingProxy(mock.url)
  target = await openUpstream(proxy.url, readTraits({}, 'mutant', 'stateful'))
})
afterAll(async () => {
  await target[Symbol.asyncDispose]()
  await proxy[Symbol.asyncDispose]()
  await mock[Symbol.asyncDispose]()
})

describe('an API that does something else than it says', () => {
  it('is told from one that keeps the contract', async () => {
    target.lifecycles.clear()
    proxy.interfere({})
    expect(await collectFindings(target, requirements, isTelling)).toEqual([])
  })

  it.each(changes)('%s: %s', async (_group, _name, plant) => {
    target.lifecycles.clear()
    proxy.interfere(plant())
    const findings = await collectFindings(target, requirements, isTelling)
    proxy.interfere({})
    expect(findings.map(({ requirement, field }) => `${requirement} ${field}`)).not.toEqual([])
  })

  it('leaves nothing that would show in one that keeps the contract', async () => {
    target.lifecycles.clear()
    expect(await removeCreatedUsers(target, requirements.operations)).toEqual([])
    expect(await collectFindings(target, requirements, isTelling)).toEqual([])
  })
})
