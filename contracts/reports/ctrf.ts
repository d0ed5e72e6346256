import type { Result } from '../runner.ts'

const statuses = {
  pass: 'passed',
  fail: 'failed',
  'not tested': 'skipped',
  follows: 'skipped',
} as const

/** Writes results in the Common Test Report Format (https://ctrf.io), as JSON. */
export function renderCtrf(results: readonly Result[], start: number, stop: number): string {
  const tests = results.map(
    ({ target, requirement, operation, server, outcome, findings, reason, duration }) => ({
      name: `${requirement} · ${operation} · ${server}`,
      suite: target,
      status: statuses[outcome],
      duration,
      ...(findings.length > 0 && {
        message: [
          ...findings.map(({ field, message }) => `${field || 'call'}: ${message}`),
          findings[0]?.rule,
        ].join('\n'),
      }),
      ...(reason !== undefined && { extra: { reason } }),
    }),
  )
  const count = (status: string) => tests.filter((one) => one.status === status).length
  const summary = {
    tests: tests.length,
    passed: count('passed'),
    failed: count('failed'),
    pending: 0,
    skipped: count('skipped'),
    other: 0,
    start,
    stop,
  }
  const report = { results: { tool: { name: 'calgate contract' }, summary, tests } }
  return `${JSON.stringify(report, null, 1)}\n`
}
