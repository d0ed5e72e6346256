import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { executeThenReset } from './executed-then-reset.ts'
import { failAndReturn } from './failing-upstream.ts'
import type { Finding } from './finding.ts'
import { watchHeap } from './heap.ts'
import { keepApart } from './isolation.ts'
import { leaveAndRepeat } from './leaving-callers.ts'
import { sendMalformed } from './malformed-requests.ts'
import { overload } from './overload.ts'
import { terminateUnderLoad } from './termination.ts'
import { findWorstInput } from './worst-input.ts'

/** Everything `make stress` does, in the order of the page it writes. */
const scenarios: readonly (() => Promise<Finding | Finding[]>)[] = [
  sendMalformed,
  findWorstInput,
  executeThenReset,
  leaveAndRepeat,
  failAndReturn,
  terminateUnderLoad,
  overload,
  watchHeap,
  keepApart,
]

const findings: Finding[] = []
for (const scenario of scenarios) {
  const found = await scenario()
    .catch((error: Error): Finding => {
      return {
        what: scenario.name,
        figure: 'to run at all',
        measured: error.message.split('\n')[0] ?? '',
        ok: false,
      }
    })
    .then((one) => [one].flat())
  for (const { ok, what, figure, measured } of found)
    console.log(`${ok ? 'ok    ' : 'MISSED'} ${what}: ${measured} (wanted: ${figure})`)
  findings.push(...found)
}
writeFileSync(new URL('../docs/reliability.md', import.meta.url), composePage(findings))
if (findings.some(({ ok }) => !ok)) process.exitCode = 1

function composePage(rows: readonly Finding[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  return `# Reliability

What the gateway must hold under faults, floods and bad input, and what was measured. \`make stress\` repeats it in
some minutes on loopback ports, prints this table and writes this page; each scenario in \`stress/\` also runs alone
(\`node stress/overload.ts\`). Absolute rates depend on the machine; this run
had ${availableParallelism()} cores for the gateway, its callers and its upstream together, and shared them.

| What | Figure | Measured | |
|---|---|---|---|
${rows.map(({ what, figure, measured, ok }) => `| ${[what, figure, measured].map(cell).join(' | ')} | ${ok ? 'held' : '**missed**'} |`).join('\n')}

What is exact is a test as well: every malformed request and every fault of the upstream in \`test/attack\` and
\`test/reliability\`, the limits in \`test/http/listener.test.ts\`, \`test/http/admission.test.ts\` and \`test/http/rate-limit.test.ts\`.

## Limits

| What | Limit | Then |
|---|---|---|
| Body on :8080 | 102,400 bytes | 413 |
| Message on :9090 | 131,072 bytes, 64 levels, 2,000 elements | 413 or a parse error |
| Message over stdio | 1 MiB | the process ends |
| Head of a request | 16 KiB | 431 |
| Time for the head, for the whole request | 10 s, 30 s | 408, connection closed |
| Connection without a request | 72 s | closed |
| Connections a port | 4,096 | dropped |
| Requests worked on, both ports together | 256, and 512 waiting for at most 250 ms | 503, \`Retry-After: 1\`, connection closed |
| Calls of one caller | \`RATE_LIMIT\` | 429, \`Retry-After\` |
| Answer of the upstream | \`UPSTREAM_TIMEOUT_MS\`, all tries together | 504 |

## Ending

SIGTERM turns \`/health/ready\` off and closes the ports to new connections; what is under way is answered with
\`Connection: close\`, open connections have two seconds for one more request, and the process exits with 0. A
second signal ends it at once.
`
}
