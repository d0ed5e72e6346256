import { expect, test } from 'vitest'
import { eras } from '../../../contracts/mcp-client.ts'
import { openTestEnvironment } from '../../../contracts/mutants/test-environment.ts'
import { readRequirements } from '../../../contracts/requirements.ts'
import { collectFindings, describeFinding } from '../../../contracts/test-cases.ts'
import { startPrism } from '../../../mocks/prism.ts'

test('an environment where nothing is spoiled keeps the contract, however much is deleted on it', async () => {
  await using mock = await startPrism()
  await using environment = await openTestEnvironment({
    mock: mock.url,
    places: ['mock', 'upstream', 'rest', 'mcp'],
    // One era deletes what the other deletes.
    speak: eras.slice(1),
  })
  const findings = await collectFindings(
    environment.target,
    readRequirements(),
    ({ operation, surface }) => operation === 'delete' && surface === 'mcp',
  )
  expect(findings.map(describeFinding)).toEqual([])
})
