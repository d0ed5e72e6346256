import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { removeCreatedUsers } from './cleanup.ts'
import { mostCreations } from './created-users.ts'
import { readRequirements } from './requirements.ts'
import { createRunner, findUntested, type Result } from './runner.ts'
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

describe.each(targets.map((target, index) => ({ name: target.name, target, index })))(
  '$name',
  ({ target, index }) => {
    const runner = createRunner(target)
    // What the recorder responds to is the same test on each target.
    const testCases = listTestCases(target, requirements).filter(({ isCanned }) => index === 0 || !isCanned)
    for (const testCase of testCases.filter(({ obstacle }) => obstacle !== undefined))
      void runner.run(testCase).then((result) => results.push(result))

    it.each(testCases.filter(({ obstacle }) => obstacle === undefined))('$title', async (testCase) => {
      const result = await runner.run(testCase)
      results.push(result)
      expect(result.outcome === 'fail' ? result.findings.map(describeFinding) : []).toEqual([])
    })

    it('has no user left of this run, which made few of them', async () => {
      expect(await removeCreatedUsers(target, requirements.operations)).toEqual([])
      if (!target.stateless) expect(target.created.count).toBeLessThanOrEqual(mostCreations)
    })
  },
)

describe('the mocks together', () => {
  it('test every requirement, on every operation and surface that it names', () => {
    expect(findUntested(results)).toEqual([])
  })
})
