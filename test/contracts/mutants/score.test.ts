import { describe, expect, it } from 'vitest'
import { type Mutant, type MutantResult, mutantClasses } from '../../../contracts/mutants/mutant.ts'
import { scoreResults } from '../../../contracts/mutants/score.ts'

function tested(name: string, group: Mutant['class'], finding?: string, allowed = false): MutantResult {
  return { mutant: { name, class: group, operations: [], allowed }, finding }
}

/** A hundred caught mutants of each class. */
const caught = mutantClasses.flatMap((group) =>
  Array.from({ length: 100 }, (_, index) => tested(`${group} ${index}`, group, 'red')),
)

describe('the mutation score', () => {
  it('is without problems when every mutant is caught', () => {
    const { report, problems, classes } = scoreResults(caught)
    expect(problems).toEqual([])
    expect(report).toMatch(/^responses +100 +100 +100\.0 % +0$/m)
    expect(classes).toMatchObject({ tenants: { mutants: 100, caught: 100, allowed: 0 } })
    expect(report).toMatch(/^0 survived$/m)
  })

  it('lists a survivor, and has a problem with it', () => {
    const { report, problems } = scoreResults([...caught, tested('odd one', 'responses')])
    expect(problems).toEqual(['survived: odd one'])
    expect(report).toContain('1 survived:\n  odd one')
  })

  it('has a problem with a red line on what the contract allows', () => {
    const results = [...caught, tested('a member more', 'responses', 'too many members', true)]
    const { report, problems } = scoreResults(results)
    expect(problems).toEqual(['the suite is brittle, the contract allows a member more: too many members'])
    expect(report).toMatch(/^responses +100 +100 +100\.0 % +0$/m)
    expect(report).toContain('1 allowed changes reported:\n  a member more\n    too many members')
  })

  it('counts what the contract allows and lets pass', () => {
    const results = [...caught, tested('a member more', 'responses', undefined, true)]
    const { report } = scoreResults(results)
    expect(report).toMatch(/^responses +100 +100 +100\.0 % +1$/m)
    expect(report).toMatch(/^0 allowed changes reported$/m)
  })

  it('does not round a share up', () => {
    const alive = Array.from({ length: 4 }, (_, index) => tested(`alive ${index}`, 'responses'))
    expect(scoreResults([...caught, ...alive]).report).toMatch(/^responses +104 +100 +96\.1 % +0$/m)
  })

  it('has a problem with a class that has no mutants at all', () => {
    const { problems } = scoreResults(caught.filter(({ mutant }) => mutant.class !== 'document'))
    expect(problems).toEqual(['document: there are no mutants'])
  })
})
