/** One line of the table of figures: what was asked, how much of it there had to be, and what was seen. */
export interface Finding {
  readonly what: string
  /** The figure to reach. */
  readonly figure: string
  /** What was measured, in the same words. */
  readonly measured: string
  readonly ok: boolean
  /** A figure of the clock, which a machine that is busy with something else may miss. */
  readonly timed?: true
}

/** Prints findings for somebody who runs one scenario alone, and says by the exit code whether they hold. */
export function report(findings: readonly Finding[]): void {
  for (const { ok, what, figure, measured } of findings)
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}: ${measured} (wanted: ${figure})`)
  if (findings.some(({ ok }) => !ok)) process.exitCode = 1
}
