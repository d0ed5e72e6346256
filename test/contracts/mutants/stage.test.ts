import { expect, test } from 'vitest'
import { describeFinding, judge } from '../../../contracts/judge.ts'
import { openStage } from '../../../contracts/mutants/stage.ts'
import { readRequirements } from '../../../contracts/requirements.ts'
import { startPrism } from '../../../mocks/prism.ts'

test('a stage where nothing is spoiled keeps the contract, however much is deleted on it', async () => {
  await using mock = await startPrism()
  await using stage = await openStage({ mock: mock.url, places: ['mock', 'upstream', 'rest', 'mcp'] })
  const findings = await judge(
    stage.target,
    readRequirements(),
    ({ operation, surface }) => operation === 'delete' && surface === 'mcp',
  )
  expect(findings.map(describeFinding)).toEqual([])
})
