import { parseArgs } from 'node:util'

/** What a run against a target is asked to do. */
export interface RunOptions {
  /** Selects test cases by `requirement · operation · server`. */
  readonly only: RegExp
  /** Makes what was not tested a failure. */
  readonly strict: boolean
  /** Files to write, by format. */
  readonly files: Readonly<Record<'json' | 'junit' | 'html' | 'ctrf', string | undefined>>
  /** Prints an annotation of GitHub Actions for each failure. */
  readonly annotates: boolean
}

/** Text of `--help`. */
export const usage = `npm run contract -- [options]

  --only REGEX    run the test cases whose "requirement · operation · server" matches
  --strict        fail when something was not tested
  --junit FILE    write JUnit XML
  --html FILE     write one HTML page with the matrix
  --ctrf FILE     write the Common Test Report Format (JSON)
  --json FILE     write the results as they are (also CONTRACT_REPORT)

Exit codes: 0 every requirement is met, 1 one is not, 2 nothing could be tested, 130 interrupted.`

/** Reads the options of a run. Throws a `RangeError` in one line. */
export function readOptions(
  args: readonly string[],
  { CONTRACT_ONLY, CONTRACT_REPORT, GITHUB_ACTIONS }: Readonly<Record<string, string | undefined>>,
): RunOptions & { readonly help: boolean } {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean' },
        strict: { type: 'boolean' },
        only: text,
        junit: text,
        html: text,
        ctrf: text,
        json: text,
      },
    })
    const { help = false, strict = false, only = CONTRACT_ONLY ?? '', junit, html, ctrf } = values
    return {
      help,
      strict,
      only: new RegExp(only),
      files: { json: values.json ?? (CONTRACT_REPORT || undefined), junit, html, ctrf },
      annotates: GITHUB_ACTIONS === 'true',
    }
  } catch (error) {
    throw new RangeError(error instanceof Error ? error.message : String(error))
  }
}
