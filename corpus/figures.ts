import type { CallReport } from './calls.ts'
import type { Measurement } from './measure.ts'

/** What one document came to. */
export interface DocumentResult extends Omit<Measurement, 'document'> {
  readonly path: string
  readonly calls: CallReport
}

/** Counts by their names, most frequent first. */
export type Counts = Readonly<Record<string, number>>

/** The figures of a run, as docs/compatibility.md shows them. */
export interface Figures {
  /** 1 for every document, 40 for every fortieth one. */
  readonly every: number
  readonly documents: number
  readonly thrown: number
  readonly operations: number
  readonly served: number
  /** Operations that are neither served nor named. */
  readonly lost: number
  /** Why operations and schemas are left out. */
  readonly omissions: Counts
  readonly compiled: number
  readonly uncompiled: number
  readonly badArgumentNames: number
  readonly badToolNames: number
  /** Operations called on both servers. */
  readonly called: number
  /** Operations of which a call did not arrive as it is meant, on one server or both. */
  readonly wrong: number
  /** Wrong calls by server and class. */
  readonly wrongByClass: Counts
  /** Operations of the sample without a call, by reason. */
  readonly uncalled: Counts
}

/** Sums up the results of all documents. */
export function collectFigures(results: readonly DocumentResult[], every: number): Figures {
  const sum = (count: (one: DocumentResult) => number) =>
    results.reduce((total, one) => total + count(one), 0)
  const wrong = results.flatMap(({ path, calls }) => calls.wrong.map((one) => ({ path, ...one })))
  return {
    every,
    documents: results.length,
    thrown: sum(({ thrown }) => (thrown === undefined ? 0 : 1)),
    operations: sum(({ operations }) => operations),
    served: sum(({ served }) => served),
    lost: sum(({ lost, unread }) => lost + unread.length),
    omissions: count(results.flatMap(({ omissions }) => omissions)),
    compiled: sum(({ compiled }) => compiled),
    uncompiled: sum(({ uncompiled }) => uncompiled.length),
    badArgumentNames: sum(({ badArgumentNames }) => badArgumentNames.length),
    badToolNames: sum(({ badToolNames }) => badToolNames.length),
    called: sum(({ calls }) => calls.called),
    wrong: new Set(wrong.map(({ path, operation }) => `${path} ${operation}`)).size,
    wrongByClass: count(wrong.map(({ server, reason }) => `${server}: ${reason}`)),
    uncalled: count(results.flatMap(({ calls }) => calls.uncalled)),
  }
}

function count(names: readonly string[]): Counts {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1)))
}

/** Names the figures that miss what they must meet. */
export function listMissed(figures: Figures): string[] {
  const none = ['thrown', 'lost', 'uncompiled', 'badArgumentNames', 'badToolNames'] as const
  const isRight = figures.called === 0 || 1 - figures.wrong / figures.called >= 0.995
  return [...none.filter((name) => figures[name] > 0), ...(isRight ? [] : ['wrong'])]
}
