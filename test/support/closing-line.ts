import type { Reporter, TestModule } from 'vitest/node'
import { searchLogs } from './log-search.ts'

/** Ends a run with the one line that every reader of a log knows: `N passed, N failed`. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    // Vitest, which ends such a run with an error, has prepared no folder for its logs.
    if (modules.length === 0) {
      process.stdout.write(`0 passed, ${errors.length} failed: no test file was found\n`)
      return
    }
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    )
    const passed = states.filter((state) => state === 'passed').length
    const leaks = Number(searchLogs().length > 0)
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length
    const failed = states.filter((state) => state === 'failed').length + broken + leaks
    process.stdout.write(`${passed} passed, ${failed} failed\n`)
  }
}
