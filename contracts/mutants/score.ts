import { type MutantResult, mutantClasses } from './mutant.ts'

/** What became of the mutants of one class. */
export interface ClassScore {
  readonly mutants: number
  readonly caught: number
  /** Changes that the contract allows, and that pass. */
  readonly allowed: number
}

/** What became of all mutants, and what is wrong with it. */
export interface Score {
  /** By class. */
  readonly classes: Readonly<Record<string, ClassScore>>
  /** The table and the survivors, for a reader. */
  readonly report: string
  /** Reasons to fail, one sentence each; none when the suite bites. */
  readonly problems: readonly string[]
}

/** Counts results by class: each defect must be caught, in each class there must be some, and what is allowed must pass. */
export function scoreResults(results: readonly MutantResult[]): Score {
  const defects = results.filter(({ mutant }) => !mutant.allowed)
  const alive = defects.filter(({ finding }) => finding === undefined).map(({ mutant }) => mutant.name)
  const brittle = results.filter(({ mutant, finding }) => mutant.allowed && finding !== undefined)
  const rows = mutantClasses.map((name) => {
    const own = defects.filter(({ mutant }) => mutant.class === name)
    const caught = own.filter(({ finding }) => finding !== undefined).length
    const allowed = results.filter(({ mutant }) => mutant.class === name && mutant.allowed)
    const passed = allowed.filter(({ finding }) => finding === undefined).length
    return { name, mutants: own.length, caught, allowed: passed }
  })
  const classes = Object.fromEntries(rows.map(({ name, ...row }) => [name, row]))
  return {
    classes,
    report: [
      ...formatTable([
        ['class', 'mutants', 'caught', 'score', 'allowed'],
        ...rows
          .filter((row) => row.mutants > 0)
          .map((row) => [row.name, row.mutants, row.caught, formatShare(row), row.allowed].map(String)),
      ]),
      `${alive.length} survived${alive.length > 0 ? ':' : ''}`,
      ...alive.map((name) => `  ${name}`),
      `${brittle.length} allowed changes reported${brittle.length > 0 ? ':' : ''}`,
      ...brittle.map(({ mutant, finding }) => `  ${mutant.name}\n    ${finding}`),
    ].join('\n'),
    problems: [
      ...alive.map((name) => `survived: ${name}`),
      ...brittle.map(
        ({ mutant, finding }) => `the suite is brittle, the contract allows ${mutant.name}: ${finding}`,
      ),
      ...rows.filter(({ mutants }) => mutants === 0).map(({ name }) => `${name}: there are no mutants`),
    ],
  }
}

/** Rounded down: what is not reached must not look as if it were. */
function formatShare({ mutants, caught }: ClassScore): string {
  return `${(Math.floor((caught / mutants) * 1000) / 10).toFixed(1)} %`
}

function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
}
