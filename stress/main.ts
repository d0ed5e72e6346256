import { readFileSync, writeFileSync } from 'node:fs'
import { compareCost } from './cost.ts'
import { executeThenReset } from './executed-then-reset.ts'
import { failAndReturn } from './failing-upstream.ts'
import { type Finding, report } from './finding.ts'
import { watchHeap } from './heap.ts'
import { keepApart } from './isolation.ts'
import { leaveAndRepeat } from './leaving-callers.ts'
import { sendMalformed } from './malformed-requests.ts'
import { limitOneClient } from './one-client.ts'
import { attackOthers } from './other-clients.ts'
import { overload } from './overload.ts'
import { composePage, pageUrl } from './page.ts'
import { killReplica, shareState } from './replicas.ts'
import { terminateUnderLoad } from './termination.ts'
import { findWorstInput } from './worst-input.ts'
import { findWorstResponse } from './worst-response.ts'

/** The scenarios of `make stress`, in the order of the page. */
const scenarios: readonly (() => Promise<Finding | Finding[]>)[] = [
  sendMalformed,
  findWorstInput,
  findWorstResponse,
  attackOthers,
  limitOneClient,
  executeThenReset,
  leaveAndRepeat,
  failAndReturn,
  terminateUnderLoad,
  overload,
  watchHeap,
  keepApart,
  shareState,
  killReplica,
  compareCost,
]

const findings: Finding[] = []
for (const scenario of scenarios) {
  const found = await scenario()
    .catch((error: Error): Finding => {
      return {
        what: scenario.name,
        figure: 'to run without an error',
        measured: error.message.split('\n')[0] ?? '',
        ok: false,
      }
    })
    .then((one) => [one].flat())
  report(found)
  findings.push(...found)
}
writeFileSync(pageUrl, composePage(findings, readFileSync(pageUrl, 'utf8')))
