/** Durations and counts of a run. */
export interface Settings {
  /** Measurements of each contender. */
  readonly rounds: number
  /** Seconds of load in one measurement. */
  readonly seconds: number
  /** Requests before the first round, which do not count: V8 compiles by calls, not by time. */
  readonly warmUp: number
  /** Seconds that the requests before the first round may take at most. */
  readonly longestWarmUp: number
  /** Seconds of load before each measurement, which do not count either: a waiting process gives memory back. */
  readonly settle: number
  /** Requests before memory is read. */
  readonly requests: number
  /** Timed starts of each contender. */
  readonly starts: number
  /** Measures only the first and last step of parts, connections and response sizes, and of MCP only calls. */
  readonly onlyExtremes: boolean
}

const whole: Settings = {
  rounds: 5,
  seconds: 3,
  warmUp: 60_000,
  longestWarmUp: 20,
  settle: 1,
  requests: 1_000_000,
  starts: 7,
  onlyExtremes: false,
}
const quick: Settings = {
  rounds: 2,
  seconds: 1,
  warmUp: 1_000,
  longestWarmUp: 1,
  settle: 0,
  requests: 20_000,
  starts: 2,
  onlyExtremes: true,
}

/** Reads `BENCH_ROUNDS`, `BENCH_SECONDS` and `BENCH_REQUESTS`; unset ones have the defaults of a whole or a quick run. */
export function readSettings(env: Readonly<Record<string, string | undefined>>, isQuick: boolean): Settings {
  const usual = isQuick ? quick : whole
  return {
    ...usual,
    rounds: readNumber(env.BENCH_ROUNDS, usual.rounds),
    seconds: readNumber(env.BENCH_SECONDS, usual.seconds),
    requests: readNumber(env.BENCH_REQUESTS, usual.requests),
  }
}

function readNumber(text: string | undefined, usual: number): number {
  const value = Number(text)
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : usual
}
