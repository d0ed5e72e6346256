import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { asRecord } from '../../src/document/json.ts'
import { type MutantResult, mutantClasses } from './mutant.ts'

/** The least share of the mutants of a class that the suite must catch. No class hides in a total. */
const bar = 0.97

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

const shipped = new URL('survivors.yaml', import.meta.url)

/** Reads the survivors that are known, each with its reason, by the mutant's name. Throws when one has none. */
export function readSurvivors(text: string = readFileSync(shipped, 'utf8')): ReadonlyMap<string, string> {
  const entries = Object.entries(asRecord(parse(text) ?? {}))
  const silent = entries.find(([, reason]) => typeof reason !== 'string' || reason.trim() === '')
  if (silent) throw new TypeError(`the survivor "${silent[0]}" has no reason`)
  return new Map(entries.map(([name, reason]) => [name, String(reason)]))
}

/** Counts results by class and compares them with the bar and the known survivors, in both directions. */
export function scoreResults(
  results: readonly MutantResult[],
  survivors: ReadonlyMap<string, string>,
): Score {
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
  const listed = alive.map((name) => `  ${name}\n    ${survivors.get(name) ?? 'no reason is known'}`)
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
      ...listed,
      `${brittle.length} allowed changes reported${brittle.length > 0 ? ':' : ''}`,
      ...brittle.map(({ mutant, finding }) => `  ${mutant.name}\n    ${finding}`),
    ].join('\n'),
    problems: [
      ...alive.filter((name) => !survivors.has(name)).map((name) => `survived without a reason: ${name}`),
      ...[...survivors.keys()]
        .filter((name) => !alive.includes(name))
        .map((name) => `survivors.yaml is stale, it is caught or gone: ${name}`),
      ...brittle.map(
        ({ mutant, finding }) => `the suite is brittle, the contract allows ${mutant.name}: ${finding}`,
      ),
      ...rows
        .filter((row) => row.mutants === 0 || row.caught / row.mutants < bar)
        .map((row) => `${row.name}: ${formatShare(row)} is below ${bar * 100} %`),
    ],
  }
}

/** Rounded down: what is not reached must not look as if it were. */
function formatShare({ mutants, caught }: { readonly mutants: number; readonly caught: number }): string {
  return mutants === 0 ? '–' : `${(Math.floor((caught / mutants) * 1000) / 10).toFixed(1)} %`
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
