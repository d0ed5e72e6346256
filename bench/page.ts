import { type Section, type Table, type Target, writeNumber, writeSpread } from './sections/section.ts'

/** What the page says beside the tables. */
export interface PageFacts {
  /** Name of what made the load. */
  readonly generator: string
  readonly rounds: number
  readonly seconds: number
  readonly node: string
}

/** Writes docs/performance.md. */
export function composePage(sections: readonly Section[], facts: PageFacts): string {
  const targets = sections.flatMap((section) => section.targets)
  const tables = sections.flatMap((section) => section.tables)
  return `# Performance

What the gateway costs beside proxies that check nothing, and beside those that do. Ratios are the result: absolute
figures depend on the machine and on what else it does. A ratio is the median over the rounds of one run, in brackets
the least and the most.

![CPU a request](performance.svg)

${writeTable({
  title: 'Targets',
  note: 'Written by `make bench`.',
  columns: ['', 'must', 'aim', 'measured', ''],
  rows: targets.map(writeTarget),
})}

${tables.map(writeTable).join('\n\n')}

## How to repeat it

\`make bench\` takes about three quarters of an hour and writes this page and its chart; \`make bench-quick\` measures
everything in less than three minutes, too briefly for the page, and prints it; \`make profile\` prints where the
gateway's time goes. They need Linux with two CPUs, \`taskset\`, nginx and wrk (Debian: \`nginx-light\`, \`wrk\`); without wrk,
autocannon makes the load. \`BENCH_ROUNDS\`, \`BENCH_SECONDS\` and \`BENCH_REQUESTS\` change how much is measured.

- The process under test has one CPU to itself, the load and an nginx with fixed answers have the other. All of it is
  loopback; the answers are files of 400 bytes to 1 MB.
- Contenders take turns, ${facts.rounds} rounds of ${facts.seconds} s each after a warm-up and, in each turn, a second that does not count,
  since who waits for its turn gives memory back; and a ratio compares turns of the same round. The
  figure is the CPU time, user and system, of the process and its children from /proc over the requests answered.
- Each contender's answer is checked once before it is measured. One that fails the call is named with what it said.
- The gateway runs as \`npm start\` starts it: with a compile cache, a limit for young objects and one helper thread for
  garbage, its log in a file. The others run with Node's defaults. This run: ${facts.generator}, Node ${facts.node}.
- The SDKs' examples are theirs as they are written, the document's tools in the place of their own: a server for each
  request, and the zod schemas of its tools with it.
`
}

function writeTarget({ what, must, aim, direction, measured }: Target): string[] {
  const sign = direction === 'at most' ? '≤' : '≥'
  return [
    what,
    `${sign} ${writeNumber(must)}`,
    `${sign} ${writeNumber(aim)}`,
    writeSpread(measured),
    judge({ must, aim, direction, measured }),
  ]
}

/** Tells whether a target is held, by its median. */
export function judge({ must, aim, direction, measured }: Omit<Target, 'what'>): string {
  const reaches = (bound: number) =>
    direction === 'at most' ? measured.median <= bound : measured.median >= bound
  if (reaches(aim)) return 'held, aim reached'
  return reaches(must) ? 'held' : '**missed**'
}

/** Writes a table with its heading in Markdown. */
export function writeTable({ title, note, columns, rows }: Table): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  const rule = `|${columns.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return `## ${title}\n\n${note}\n\n${line(columns)}\n${rule}\n${rows.map(line).join('\n')}`
}
