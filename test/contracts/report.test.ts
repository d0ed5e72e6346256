import { describe, expect, it } from 'vitest'
import type { Finding } from '../../contracts/context.ts'
import { renderMatrix } from '../../contracts/reports/matrix.ts'
import { type Requirement, readRequirements } from '../../contracts/requirements.ts'
import { createRunner, findUntested, type Result } from '../../contracts/runner.ts'
import type { TestCase } from '../../contracts/test-cases.ts'

const requirements = readRequirements()
const limit = requirements.requirements.find(({ id }) => id === 'limit.range')
if (!limit) throw new TypeError('limit.range is missing')
const target = { name: 'stub' }

const mismatch: Finding = {
  target: 'stub',
  requirement: 'limit.range',
  operation: 'list',
  surface: 'mcp',
  server: 'MCP 2025-11-25',
  field: 'limit',
  rule: limit.rule,
  message: '251 must be refused',
}

function makeTestCase(requirement: Requirement, findings: readonly Finding[], obstacle?: string): TestCase {
  const facts = { operation: 'list', surface: 'mcp' as const, server: 'MCP 2025-11-25', title: 'limit.range' }
  return { ...facts, requirement, obstacle, isCanned: false, run: async () => findings }
}

describe('a testCase', () => {
  it.each([
    ['without a mismatch passes', makeTestCase(limit, []), 'pass'],
    ['with a mismatch fails', makeTestCase(limit, [mismatch]), 'fail'],
    ['that the target cannot stand is not tested', makeTestCase(limit, [mismatch], 'no sight'), 'not tested'],
  ])('%s', async (_, testCase, outcome) => {
    expect(await createRunner(target).run(testCase)).toMatchObject({ outcome })
  })
})

describe('a failure of the upstream', () => {
  it('is reported once: the same requirement on the servers of the gateway follows from it', async () => {
    const runner = createRunner(target)
    const own = { ...makeTestCase(limit, [mismatch]), surface: 'upstream' as const }
    const outcomes = [await runner.run(own), await runner.run(makeTestCase(limit, [mismatch]))]
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['fail', 'follows'])
  })
})

describe('what looks at every response of a run', () => {
  it('reports the members that nothing else has reported', async () => {
    const runner = createRunner(target)
    const recorded = { ...limit, id: 'response.recorded' }
    const at = (field: string) => ({ ...mismatch, field })
    await runner.run(makeTestCase(limit, [at('data[0].bio')]))
    expect(await runner.run(makeTestCase(recorded, [at('data.bio')]))).toMatchObject({ outcome: 'follows' })
    const { findings } = await runner.run(makeTestCase(recorded, [at('data.bio'), at('data.name')]))
    expect(findings.map(({ field }) => field)).toEqual(['data.name'])
  })
})

describe('what no target tested', () => {
  it('is named, and what one of them tested is not', () => {
    const result = (name: string, outcome: Result['outcome']): Result => ({
      target: 'stub',
      requirement: name,
      operation: 'list',
      surface: 'rest',
      server: 'REST',
      outcome,
      findings: [],
      duration: 1,
    })
    const results = [
      result('a.a', 'not tested'),
      result('a.b', 'not tested'),
      result('a.b', 'pass'),
      result('a.c', 'fail'),
    ]
    expect(findUntested(results)).toEqual(['a.a · list · REST'])
  })
})

describe('the matrix', () => {
  it('shows what failed and what nobody tested', () => {
    const failed: Result = { ...mismatch, outcome: 'fail', findings: [mismatch], duration: 1 }
    const page = renderMatrix({ ...requirements, requirements: [limit] }, [failed])
    expect(page).toContain('| list | 0 ✓, 1 not tested | 0 ✓, ✗ limit.range |')
  })
})
