import { type Section, type Table, type Target, writeNumber, writeSpread } from './sections/section.ts'

/** Facts about one run that the page states beside the tables. */
export interface PageFacts {
  /** Name of the load generator. */
  readonly generator: string
  readonly rounds: number
  readonly seconds: number
  /** Requests before the rounds, and the seconds that they take at most. */
  readonly warmUp: number
  readonly longestWarmUp: number
  readonly node: string
  /** The command of `npm start`, which the gateway under test runs. */
  readonly start: string
}

/** Writes docs/performance.md. */
export function composePage(sections: readonly Section[], facts: PageFacts): string {
  const targets = sections.flatMap((section) => section.targets)
  const tables = sections.flatMap((section) => section.tables)
  return `# Performance

\`\`\`console
$ make bench         # three quarters of an hour; writes this page and its chart
$ make bench-quick   # less than three minutes; prints, and writes nothing
$ make profile       # self time by function and module
\`\`\`

The tables compare the gateway with proxies that check nothing and with proxies that validate. Compare ratios only:
absolute figures depend on the machine and on its other work. A ratio is the median over the rounds of one run, with
its least and greatest value in brackets; other figures are medians of the rounds, and memory was read once.

![CPU time for each request](performance.svg)

${writeTable({
  title: 'Targets',
  note: `Written by \`make bench\`. A target is met when every round meets it, and missed when no round meets it. Between the two the run does not decide.`,
  columns: ['', 'must', 'aim', 'measured', ''],
  rows: targets.map(writeTarget),
})}

${tables.map(writeTable).join('\n\n')}

## Method

The benchmark needs Linux with two CPUs, \`taskset\`, nginx and wrk (Debian: \`nginx-light\`, \`wrk\`). Without wrk, autocannon
generates the load. \`BENCH_ROUNDS\`, \`BENCH_SECONDS\` and \`BENCH_REQUESTS\` change how much is measured.

- The process under test has one CPU. The load generator and an nginx with fixed responses share the other. All
  connections are loopback; the responses are files of 400 bytes to 1 MB.
- The contenders are measured one after the other, ${facts.rounds} rounds of ${facts.seconds} s each (latency longer, starts more often). Before them each
  serves ${facts.warmUp} requests, or for ${facts.longestWarmUp} s, since V8 compiles what is called often. One more second at the start of each
  measurement does not count, because a process gives memory back while it waits.
- A ratio compares measurements of the same round. CPU time is user and system time of the process and its children, from
  /proc, divided by the number of responses.
- Each contender's response is checked once before it is measured. A contender that fails is listed with its error.
- The gateway runs as \`npm start\` runs it (\`${facts.start}\`), with its log in a file. The
  others run with the defaults of Node. This run: ${facts.generator}, Node ${facts.node}.
- The examples of the SDKs run as published, with the document's tools instead of their own. They create a server, and the zod schemas
  of its tools, for each request.
`
}

function writeTarget({ what, must, aim, direction, measured }: Target): string[] {
  const sign = direction === 'at most' ? '≤' : '≥'
  return [
    what,
    `${sign} ${writeNumber(must)}`,
    `${sign} ${writeNumber(aim)}`,
    writeSpread(measured),
    assess({ must, aim, direction, measured }),
  ]
}

/**
 * Tells whether a target is met, by all rounds and not by their median: a spread that crosses the bound decides
 * nothing, since the next run may fall on the other side.
 */
export function assess({ must, aim, direction, measured }: Omit<Target, 'what'>): string {
  const isAtMost = direction === 'at most'
  const [best, worst] = isAtMost ? [measured.least, measured.most] : [measured.most, measured.least]
  const reaches = (figure: number, bound: number) => (isAtMost ? figure <= bound : figure >= bound)
  if (reaches(worst, aim)) return 'met, aim reached'
  if (reaches(worst, must)) return 'met'
  return reaches(best, must) || Number.isNaN(best) ? 'not decided' : '**missed**'
}

/** Writes a table with its heading in Markdown. */
export function writeTable({ title, note, columns, rows }: Table): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  const rule = `|${columns.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return `## ${title}\n\n${note}\n\n${line(columns)}\n${rule}\n${rows.map(line).join('\n')}`
}
