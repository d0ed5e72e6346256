import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { findUntested, type Result, runTestCase } from './report.ts'
import { readRequirements } from './requirements.ts'
import { chooseTargets } from './targets.ts'
import { describeFinding, listTestCases } from './test-cases.ts'

const requirements = readRequirements()
const targets = await Promise.all(chooseTargets(process.env).map(({ open }) => open()))
const results: Result[] = []

afterAll(async () => {
  for (const target of targets) await target[Symbol.asyncDispose]()
  const { CONTRACT_REPORT: file } = process.env
  if (file) writeFileSync(file, JSON.stringify(results))
})

describe.each(targets)('$name', (target) => {
  const testCases = listTestCases(target, requirements)
  for (const testCase of testCases.filter(({ obstacle }) => obstacle !== undefined))
    void runTestCase(testCase, target).then((result) => results.push(result))

  it.each(testCases.filter(({ obstacle }) => obstacle === undefined))('$title', async (testCase) => {
    const result = await runTestCase(testCase, target)
    results.push(result)
    expect(result.outcome === 'fail' ? result.findings.map(describeFinding) : []).toEqual([])
  })
})

describe('the mocks together', () => {
  it('test every requirement, on every operation and surface that it names', () => {
    expect(findUntested(results)).toEqual([])
  })
})
