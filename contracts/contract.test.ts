import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { describeFinding, listTrials } from './judge.ts'
import { findUnjudged, type Result, tryOut } from './report.ts'
import { readRequirements } from './requirements.ts'
import { chooseTargets } from './targets.ts'

const requirements = readRequirements()
const targets = await Promise.all(chooseTargets(process.env).map(({ open }) => open()))
const results: Result[] = []

afterAll(async () => {
  for (const target of targets) await target[Symbol.asyncDispose]()
  const { CONTRACT_REPORT: file } = process.env
  if (file) writeFileSync(file, JSON.stringify(results))
})

describe.each(targets)('$name', (target) => {
  const trials = listTrials(target, requirements)
  for (const trial of trials.filter(({ obstacle }) => obstacle !== undefined))
    void tryOut(trial, target).then((result) => results.push(result))

  it.each(trials.filter(({ obstacle }) => obstacle === undefined))('$title', async (trial) => {
    const result = await tryOut(trial, target)
    results.push(result)
    expect(result.outcome === 'fail' ? result.findings.map(describeFinding) : []).toEqual([])
  })
})

describe('the mocks together', () => {
  it('judge every requirement, on every operation and surface that it names', () => {
    expect(findUnjudged(results)).toEqual([])
  })
})
