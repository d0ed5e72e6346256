/** One row of the results: scenario, bound and measurement. */
export interface Finding {
  readonly what: string
  /** The bound to meet. */
  readonly figure: string
  /** The measurement, in the words of the bound. */
  readonly measured: string
  readonly ok: boolean
  /** Depends on time, so a busy machine may miss it. */
  readonly timed?: true
}

/** Prints the findings of one scenario. Sets exit code 1 when a bound is missed. */
export function report(findings: readonly Finding[]): void {
  for (const { ok, what, figure, measured } of findings)
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}: ${measured} (bound: ${figure})`)
  if (findings.some(({ ok }) => !ok)) process.exitCode = 1
}
