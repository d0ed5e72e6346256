/** What became of a call, the same for every door. */
export interface Verdict {
  /**
   * `answered`: Cal.com's success arrived. `failed`: Cal.com's own error did. `refused`: the gateway's own error,
   * whether or not something was sent. `broken`: none of these, `text` says what.
   */
  readonly kind: 'answered' | 'failed' | 'refused' | 'broken'
  /** Status of Cal.com's answer or of the gateway's error; unknown for a tool's success, which carries none. */
  readonly status: number | undefined
  /** Code of the gateway's error or of Cal.com's. */
  readonly code: string | undefined
  /** Names of the arguments that the gateway refuses: `limit`, `body.timeFormat`, `emails[0]`. */
  readonly places: readonly string[]
  /** The JSON that arrived: Cal.com's answer, or the gateway's error. */
  readonly body: unknown
  /** The very text that arrived. */
  readonly text: string
  /** Of REST alone. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Arguments by the names the capability gives them: `x-cal-secret-key`, `clientId`, `userId`, `body`. */
export type CallArguments = Readonly<Record<string, unknown>>

const nothing = { status: undefined, code: undefined, places: [], body: undefined, text: '', headers: {} }

/** A call that ended in nothing a caller could use. */
export function breakOff(text: string): Verdict {
  return { ...nothing, kind: 'broken', text }
}

/** Reads an HTTP answer of the REST door. */
export function readHttpAnswer(status: number, headers: Verdict['headers'], text: string): Verdict {
  const type = String(headers['content-type'] ?? '')
  const body = parse(text)
  if (body === undefined) return { ...breakOff(`${status} ${type}: no JSON`), status, headers, text }
  const arrived = { status, headers, body, text, places: [] }
  if (/^application\/problem\+json/.test(type)) return { ...arrived, kind: 'refused', ...readProblem(body) }
  const kind = status < 400 ? 'answered' : 'failed'
  return { ...arrived, kind, code: status < 400 ? undefined : readCode(body) }
}

/** Reads the result of a tool call. */
export function readToolResult(result: unknown): Verdict {
  const { content, structuredContent, isError } = Object(result)
  const text = String(Object([content].flat()[0]).text ?? '')
  if (isError !== true) return { ...nothing, kind: 'answered', body: structuredContent, text }
  const error = Object(Object(structuredContent).error)
  if (typeof error.outcome === 'string')
    return { ...nothing, kind: 'refused', status: error.status, body: error, text, ...readProblem(error) }
  return { ...nothing, kind: 'failed', status: error.status, code: error.code, body: error.answer, text }
}

function readProblem(body: unknown): Pick<Verdict, 'code' | 'places'> {
  const { code, errors = [] } = Object(body)
  const places = [errors]
    .flat()
    .map((one: unknown) => String(Object(one).location).replace(/^(path|query|header)\./, ''))
  return { code: String(code), places }
}

function readCode(body: unknown): string | undefined {
  const { code } = Object(Object(body).error)
  return code === undefined ? undefined : String(code)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
