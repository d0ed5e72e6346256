import { describe, expect, it } from 'vitest'
import { type Mutant, type MutantResult, mutantClasses } from '../../../contracts/mutants/mutant.ts'
import { readSurvivors, scoreResults } from '../../../contracts/mutants/score.ts'

function tested(name: string, group: Mutant['class'], finding?: string, allowed = false): MutantResult {
  return { mutant: { name, class: group, operations: [], allowed }, finding }
}

/** A hundred caught mutants of each class. */
const caught = mutantClasses.flatMap((group) =>
  Array.from({ length: 100 }, (_, index) => tested(`${group} ${index}`, group, 'red')),
)

describe('the mutation score', () => {
  it('is without problems when every mutant is caught', () => {
    const { report, problems, classes } = scoreResults(caught, new Map())
    expect(problems).toEqual([])
    expect(report).toMatch(/^responses +100 +100 +100\.0 % +0$/m)
    expect(classes).toMatchObject({ tenants: { mutants: 100, caught: 100, allowed: 0 } })
    expect(report).toMatch(/^0 survived$/m)
  })

  it('lists a survivor with its reason and has no problem with it', () => {
    const results = [...caught, tested('odd one', 'responses')]
    const { report, problems } = scoreResults(results, new Map([['odd one', 'Nobody can see it.']]))
    expect(problems).toEqual([])
    expect(report).toContain('1 survived:\n  odd one\n    Nobody can see it.')
  })

  it('has a problem with a survivor that nobody gave a reason for', () => {
    const { problems } = scoreResults([...caught, tested('odd one', 'responses')], new Map())
    expect(problems).toEqual(['survived without a reason: odd one'])
  })

  it('has a problem with a listed survivor that is caught or gone', () => {
    const listed = new Map([['responses 7', 'It was one once.']])
    expect(scoreResults(caught, listed).problems).toEqual([
      'survivors.yaml is stale, it is caught or gone: responses 7',
    ])
  })

  it('has a problem with a red line on what the contract allows', () => {
    const results = [...caught, tested('a member more', 'responses', 'too many members', true)]
    const { report, problems } = scoreResults(results, new Map())
    expect(problems).toEqual(['the suite is brittle, the contract allows a member more: too many members'])
    expect(report).toMatch(/^responses +100 +100 +100\.0 % +0$/m)
    expect(report).toContain('1 allowed changes reported:\n  a member more\n    too many members')
  })

  it('counts what the contract allows and lets pass', () => {
    const results = [...caught, tested('a member more', 'responses', undefined, true)]
    const { report } = scoreResults(results, new Map())
    expect(report).toMatch(/^responses +100 +100 +100\.0 % +1$/m)
    expect(report).toMatch(/^0 allowed changes reported$/m)
  })

  it('does not round a share up to a bar it misses', () => {
    const alive = Array.from({ length: 4 }, (_, index) => tested(`alive ${index}`, 'responses'))
    const reasons = new Map(alive.map(({ mutant }) => [mutant.name, 'known']))
    const { report, problems } = scoreResults([...caught, ...alive], reasons)
    expect(report).toMatch(/^responses +104 +100 +96\.1 % +0$/m)
    expect(problems).toEqual(['responses: 96.1 % is below 97 %'])
  })

  it('has a problem with a class that has no mutants at all', () => {
    const { problems } = scoreResults(
      caught.filter(({ mutant }) => mutant.class !== 'document'),
      new Map(),
    )
    expect(problems).toEqual(['document: – is below 97 %'])
  })
})

describe('the list of survivors', () => {
  it('may be empty', () => {
    expect(readSurvivors('# none\n{}').size).toBe(0)
  })

  it('refuses one without a reason', () => {
    expect(() => readSurvivors('a: because\nb: " "')).toThrow('the survivor "b" has no reason')
  })
})
