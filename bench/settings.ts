/** How much is measured. */
export interface Settings {
  /** Turns that each contender gets. */
  readonly rounds: number
  /** Seconds of load in one turn. */
  readonly seconds: number
  /** Seconds of load before the first turn, which do not count. */
  readonly warmUp: number
  /** Seconds of load at the beginning of each turn, which do not count either: who waits for a turn gives memory back. */
  readonly settle: number
  /** Requests after which memory is read. */
  readonly requests: number
  /** Starts of each contender that are timed. */
  readonly starts: number
  /** Of what comes in steps (parts, connections, sizes of answers) only the first and the last; of MCP only calls. */
  readonly onlyExtremes: boolean
}

const whole: Settings = {
  rounds: 5,
  seconds: 3,
  warmUp: 10,
  settle: 1,
  requests: 1_000_000,
  starts: 7,
  onlyExtremes: false,
}
const quick: Settings = {
  rounds: 2,
  seconds: 1,
  warmUp: 1,
  settle: 0,
  requests: 20_000,
  starts: 2,
  onlyExtremes: true,
}

/** Reads `BENCH_ROUNDS`, `BENCH_SECONDS` and `BENCH_REQUESTS`; what they leave open depends on the hurry. */
export function readSettings(env: Readonly<Record<string, string | undefined>>, inHurry: boolean): Settings {
  const usual = inHurry ? quick : whole
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
