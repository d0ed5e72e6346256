import { describe, expect, it } from 'vitest'
import { runClass } from '../../../contracts/mutants/class-run.ts'
import { gatewayGroups } from '../../../contracts/mutants/gateway-changes.ts'
import type { Material } from '../../../contracts/mutants/material.ts'
import { meaningGroups } from '../../../contracts/mutants/meaning-changes.ts'
import type { Mutant, MutantResult } from '../../../contracts/mutants/mutant.ts'
import { readRequirements } from '../../../contracts/requirements.ts'
import { readDocument } from '../../../src/document/document.ts'

const material = { document: readDocument(), requirements: readRequirements(), mock: '' }

async function collect(group: Mutant['class'], select: Material['select']): Promise<MutantResult[]> {
  const results: MutantResult[] = []
  for await (const result of runClass(group, { ...material, select })) results.push(result)
  return results
}

/** `make contract-mutants` tests every defect; here one of each class shows that the class can be tested. */
describe('a defect', () => {
  it.each([...meaningGroups, ...gatewayGroups])('of the class %s is reported', async (group) => {
    const results = await collect(group, (_, index) => index === 0)
    expect(results).toEqual([{ mutant: expect.anything(), finding: expect.stringMatching(/^✗ /) }])
  })
})

describe('a change that the contract allows', () => {
  it('is not reported', async () => {
    const results = await collect('tokens', ({ allowed }) => allowed)
    expect(results.map(({ finding }) => finding)).toEqual([undefined])
  })
})
