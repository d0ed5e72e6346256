import { connect, type Socket } from 'node:net'

/** Result of a load. */
export interface Tally {
  /** Number of responses by status. */
  readonly statuses: Map<number, number>
  /** Requests that were sent and got no complete response. */
  lost: number
  /** Connections that failed before a request was sent. */
  refused: number
  /** Milliseconds from the moment a request was due to the end of its response, of responses with 200. */
  readonly latencies: number[]
}

/** Port, request and rate of a load. */
export interface Load {
  readonly port: number
  /** The whole request, as text. */
  readonly request: string
  /** Connections at most. */
  readonly connections: number
  /** Requests a second, whatever their response; without it each connection waits for its response. */
  readonly rate?: number
  /** Ends the load, after the running requests. */
  readonly signal: AbortSignal
}

interface Line {
  readonly socket: Socket
  received: string
  due: number
  busy: boolean
  open: boolean
}

/**
 * Loads a loopback port over as few keep-alive connections as possible. A connection that the server closes is opened
 * again for the next request.
 */
export async function load({ port, request, connections, rate, signal }: Load): Promise<Tally> {
  const tally: Tally = { statuses: new Map(), lost: 0, refused: 0, latencies: [] }
  const idle: Line[] = []
  const waiting: number[] = []
  let lines = 0
  const done = Promise.withResolvers<void>()

  const finish = () => {
    if (!signal.aborted) return
    waiting.length = 0
    for (const line of idle.splice(0)) line.socket.end()
    if (lines === 0) done.resolve()
  }
  const send = (line: Line, due: number) => {
    line.due = due
    line.busy = true
    line.socket.write(request)
  }
  const next = (line: Line) => {
    line.busy = false
    if (signal.aborted) line.socket.end()
    else if (rate === undefined) send(line, performance.now())
    else if (waiting.length > 0) send(line, waiting.shift() ?? 0)
    else idle.push(line)
  }
  const open = (due: number) => {
    lines += 1
    const socket = connect(port, '127.0.0.1')
    const line: Line = { socket, received: '', due, busy: false, open: false }
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('connect', () => {
      line.open = true
      send(line, due)
    })
    socket.on('data', (chunk: string) => {
      line.received += chunk
      const response = readResponse(line.received)
      if (!response) return
      line.received = ''
      tally.statuses.set(response.status, (tally.statuses.get(response.status) ?? 0) + 1)
      if (response.status === 200) tally.latencies.push(performance.now() - line.due)
      if (response.last) {
        line.busy = false
        socket.end()
      } else next(line)
    })
    socket.on('close', () => {
      lines -= 1
      if (!line.open) tally.refused += 1
      else if (line.busy) tally.lost += 1
      const index = idle.indexOf(line)
      if (index >= 0) idle.splice(index, 1)
      // After a refused connection it waits, or it would only connect again and again.
      if (rate === undefined && !signal.aborted) setTimeout(reopen, line.open ? 0 : 50)
      else if (waiting.length > 0 && !signal.aborted) open(waiting.shift() ?? 0)
      finish()
    })
  }
  const reopen = () => {
    if (!signal.aborted) open(performance.now())
  }
  const arrive = (due: number) => {
    const line = idle.pop()
    if (line) send(line, due)
    else if (lines < connections) open(due)
    else waiting.push(due)
  }

  signal.addEventListener('abort', finish)
  let timer: NodeJS.Timeout | undefined
  if (rate === undefined) for (let n = 0; n < connections; n += 1) open(performance.now())
  else {
    const begin = performance.now()
    let sent = 0
    timer = setInterval(() => {
      const target = ((performance.now() - begin) * rate) / 1000
      for (; sent < target; sent += 1) arrive(begin + (sent * 1000) / rate)
    }, 2)
  }
  signal.addEventListener('abort', () => clearInterval(timer))
  await done.promise
  return tally
}

function readResponse(text: string): { status: number; last: boolean } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = text.slice(0, end).toLowerCase()
  const length = Number(/content-length: *(\d+)/.exec(head)?.[1] ?? 0)
  if (text.length < end + 4 + length) return undefined
  return { status: Number(text.slice(9, 12)), last: /connection: *close/.test(head) }
}

/** Returns the quantile of the numbers, `share` from 0 to 1. */
export function findQuantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Counts the responses whose status passes the test. */
export function countStatuses({ statuses }: Tally, test: (status: number) => boolean): number {
  return [...statuses].reduce((sum, [status, count]) => (test(status) ? sum + count : sum), 0)
}
