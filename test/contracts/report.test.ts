import { describe, expect, it } from 'vitest'
import type { Finding, Trial } from '../../contracts/judge.ts'
import { renderMatrix } from '../../contracts/matrix.ts'
import { findUnjudged, type Result, tryOut } from '../../contracts/report.ts'
import { type Requirement, readRequirements } from '../../contracts/requirements.ts'

const requirements = readRequirements()
const limit = requirements.requirements.find(({ id }) => id === 'limit.range')
if (!limit) throw new TypeError('limit.range is gone')
const withGap: Requirement = { ...limit, gap: { surface: 'mcp', reason: 'not built yet' } }
const target = { name: 'stub' }

const departure: Finding = {
  target: 'stub',
  requirement: 'limit.range',
  operation: 'list',
  surface: 'mcp',
  door: 'MCP 2025-11-25',
  field: 'limit',
  rule: limit.rule,
  message: '251 must be refused',
}

function makeTrial(requirement: Requirement, findings: readonly Finding[], obstacle?: string): Trial {
  const facts = { operation: 'list', surface: 'mcp' as const, door: 'MCP 2025-11-25', title: 'limit.range' }
  return { ...facts, requirement, obstacle, run: async () => findings }
}

describe('a trial', () => {
  it.each([
    ['without a departure passes', makeTrial(limit, []), 'pass'],
    ['with a departure fails', makeTrial(limit, [departure]), 'fail'],
    ['with a departure that is listed is a known gap', makeTrial(withGap, [departure]), 'known gap'],
    ['whose listed gap is closed fails', makeTrial(withGap, []), 'fail'],
    ['that the target cannot stand is not judged', makeTrial(limit, [departure], 'no sight'), 'not judged'],
  ])('%s', async (_, trial, outcome) => {
    expect(await tryOut(trial, target)).toMatchObject({ outcome })
  })

  it('whose listed gap is closed says what to do', async () => {
    const { findings } = await tryOut(makeTrial(withGap, []), target)
    expect(findings.map(({ message }) => message)).toEqual([
      'the gap is closed; take it out of requirements.yaml',
    ])
  })
})

describe('what no target judged', () => {
  it('is named, and what one of them judged is not', () => {
    const result = (name: string, outcome: Result['outcome']): Result => ({
      target: 'stub',
      requirement: name,
      operation: 'list',
      surface: 'rest',
      door: 'REST',
      outcome,
      findings: [],
    })
    const results = [
      result('a.a', 'not judged'),
      result('a.b', 'not judged'),
      result('a.b', 'pass'),
      result('a.c', 'fail'),
    ]
    expect(findUnjudged(results)).toEqual(['a.a · list · REST'])
  })
})

describe('the matrix', () => {
  const only = { ...requirements, requirements: [withGap] }

  it('shows a known gap with its reason', () => {
    const page = renderMatrix(only)
    expect(page).toContain('| list | 1 ✓ | 0 ✓, gap limit.range |')
    expect(page).toContain('- `limit.range` on MCP: not built yet')
  })

  it('shows what failed and what nobody judged', () => {
    const failed: Result = { ...departure, outcome: 'fail', findings: [departure] }
    const page = renderMatrix({ ...requirements, requirements: [limit] }, [failed])
    expect(page).toContain('| list | 0 ✓, 1 not judged | 0 ✓, ✗ limit.range |')
  })
})
