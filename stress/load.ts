import { connect, type Socket } from 'node:net'

/** What became of the requests of a load. */
export interface Tally {
  /** Answers by status. */
  readonly statuses: Map<number, number>
  /** Requests that left on a connection and got no complete answer. */
  lost: number
  /** Connections that did not come about: nothing had left yet. */
  refused: number
  /** Milliseconds from the moment a request was due to the end of its answer, of the answers with 200. */
  readonly latencies: number[]
}

/** How to load a port. */
export interface Load {
  readonly port: number
  /** The request, whole. */
  readonly request: string
  /** Connections at most. */
  readonly connections: number
  /** Requests a second, whatever becomes of them; as many as get an answer without. */
  readonly rate?: number
  /** Ends the load; what is under way is waited for. */
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
 * Loads a port over keep-alive connections, as few as it takes. A connection that the other end closes is opened
 * anew for the next request. The port is loopback's.
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
      const answer = takeAnswer(line.received)
      if (!answer) return
      line.received = ''
      tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1)
      if (answer.status === 200) tally.latencies.push(performance.now() - line.due)
      if (answer.last) {
        line.busy = false
        socket.end()
      } else next(line)
    })
    socket.on('close', () => {
      lines -= 1
      if (!line.open) tally.refused += 1
      else if (line.busy) tally.lost += 1
      const place = idle.indexOf(line)
      if (place >= 0) idle.splice(place, 1)
      // One that finds nobody there waits a moment, or it would do nothing but ask again.
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

function takeAnswer(text: string): { status: number; last: boolean } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = text.slice(0, end).toLowerCase()
  const length = Number(/content-length: *(\d+)/.exec(head)?.[1] ?? 0)
  if (text.length < end + 4 + length) return undefined
  return { status: Number(text.slice(9, 12)), last: /connection: *close/.test(head) }
}

/** The value below which so many of the numbers lie, `share` from 0 to 1. */
export function findQuantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** How many answers had a status that the test holds for. */
export function countStatuses({ statuses }: Tally, test: (status: number) => boolean): number {
  return [...statuses].reduce((sum, [status, count]) => (test(status) ? sum + count : sum), 0)
}
