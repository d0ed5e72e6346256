import { availableParallelism } from 'node:os'
import type { Finding } from './finding.ts'

/** Where docs/reliability.md stands. */
export const pageUrl = new URL('../docs/reliability.md', import.meta.url)

const soakRow = /^\| heap over .* reloads, .*\n/m

/** Writes the row of `make soak` into the page, after those of `make stress`, in the place of the one before. */
export function writeSoak(page: string, finding: Finding): string {
  return page.replace(soakRow, '').replace('\nEvery malformed', (next) => `${writeRow(finding)}\n${next}`)
}

function writeRow({ what, figure, measured, ok }: Finding): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  return `| ${[what, figure, measured].map(cell).join(' | ')} | ${ok ? 'met' : '**missed**'} |`
}

/** Writes docs/reliability.md. The row of `make soak` is the one of the page before. */
export function composePage(rows: readonly Finding[], before = ''): string {
  const soak = soakRow.exec(before)?.[0] ?? ''
  return `# Reliability

\`\`\`console
$ make stress                  # some minutes; prints the table and writes this page
$ node stress/overload.ts      # one scenario of stress/
$ make soak                    # 20 minutes, or SOAK_MINUTES; writes one row of this page
\`\`\`

## Results

Faults, floods and malformed input, on loopback ports. Absolute rates depend on the machine. In this run the gateway, its
clients and its upstream shared ${availableParallelism()} cores.

| Scenario | Bound | Measured | |
|---|---|---|---|
${rows.map((row) => `${writeRow(row)}\n`).join('')}${soak}
Every malformed request and upstream fault is a test as well (\`test/attack/\`, \`test/reliability/\`), and so are the limits
(\`test/http/\`).

## Limits

| What | Limit | Then |
|---|---|---|
| Body on :8080: JSON, forms, texts | \`BODY_LIMIT\`, 102,400 bytes | 413 |
| Body on :8080: multipart forms, bytes | \`FILE_LIMIT\`, 10 MiB | 413 |
| Nesting of JSON and of style \`deepObject\`, parts of a multipart form on :8080 | 512 levels, 2,000 parts | 400 |
| Check of one call by the schemas of its operation | 100,000 references, and 20 for each value | 400 |
| Bodies of bytes, which stream to the API | 64 at a time, of an authenticated client half of what the others leave; each holds its slot | 503, \`Retry-After: 1\` |
| Message on :9090 and over stdio | \`MCP_MESSAGE_LIMIT\`, 131,072 bytes, 64 levels, 2,000 elements | 413, over stdio a JSON-RPC error with the id of the request; or a parse error with that id |
| Head of a request | 16 KiB, 1,000 headers | 431 |
| Time for the head, for the whole request, on the control port too | 10 s, 30 s | 408, connection closed |
| Connection without a request | 72 s | closed |
| Connections a port, the control port too | 4,096 | dropped |
| Requests of one connection without a response | 100, and what arrives in one piece with them | no more is read until one has its response, and none of it is late |
| Concurrent requests, both servers together | 256, and a queue of 512 for at most 250 ms | 503, \`Retry-After: 1\`, connection closed |
| Unread responses, all clients together | 32 MiB, and 10 s in which nothing of one is read | connection closed, the oldest first |
| Responses of the upstream being collected, all together | 48 MiB, beyond which only those up to 1 MiB | 503 for a read, 502 for a write |
| Responses kept for clients that have disconnected | 16 MiB, 1 min | the oldest give way |
| JSON of the upstream | 2,000,000 values | 502 |
| JSON of the upstream in a tool result | 512 levels | 502 |
| Calls of one client | \`RATE_LIMIT\` | 429, \`Retry-After\` |
| Response of the upstream | \`UPSTREAM_TIMEOUT_MS\`, all attempts together | 504 |
| Response of the upstream that is collected: JSON, an error, all on :9090 | 32 MiB | 502 |
| Part of a streaming response | from the API within \`UPSTREAM_TIMEOUT_MS\`, taken by the client within 10 s | connection closed |
| Streaming responses | 128 at a time, of one client half of what the others leave; each holds its slot | collected; what never ends, as \`text/event-stream\`: 503 for a read, 502 for a write |

## Shutdown

At SIGTERM \`/health/ready\` returns 503 and the ports refuse new connections. Running requests get their response with
\`Connection: close\`, open connections have two seconds for one more request, and the process exits with 0. A
second signal ends the process at once. What takes longer than the two seconds and 60 more, or \`UPSTREAM_TIMEOUT_MS\` and 10 more where that
is longer, is cut off.
`
}
