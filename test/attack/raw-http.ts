import { connect } from 'node:net'

/** One answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Everything a connection brought back. */
export interface RawExchange {
  readonly answers: readonly RawAnswer[]
  /** What came and is no answer: a part of one, or something behind the last. */
  readonly rest: string
}

/** How to send bytes. */
export interface Sending {
  /** The caller ends its half at once: the bytes are all there will be. */
  readonly finish?: boolean
  /** Answers to wait for before the caller ends its half; 1 unless told. */
  readonly answers?: number
}

/** Milliseconds after which a port that says nothing and closes nothing is taken to hang. */
const timeout = 60_000

/**
 * Sends bytes over a connection of their own and reads until the other end closes it. The caller's half stays open
 * until the expected answers are there, since an end cuts off what is being worked on.
 */
export function sendRaw(
  port: number,
  bytes: Buffer,
  { finish, answers: expected = 1 }: Sending = {},
): Promise<RawExchange> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const isHead = bytes.subarray(0, 5).toString('latin1') === 'HEAD '
    const answers: RawAnswer[] = []
    let rest = ''
    let ended = false
    const end = () => {
      if (!ended) socket.end()
      ended = true
    }
    const late = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no answer and no end to ${JSON.stringify(bytes.toString('latin1').slice(0, 120))}`))
    }, timeout)
    socket.on('data', (chunk) => {
      rest = takeAnswers(rest + chunk.toString('latin1'), isHead, answers)
      if (answers.length >= expected) end()
    })
    // A connection that is cut after its answer has given its answer.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(late)
      resolve({ answers, rest })
    })
    socket.write(bytes)
    if (finish) end()
  })
}

/** Takes complete answers off a text, passes over interim ones (RFC 9110 §15.2), and returns what is left of it. */
function takeAnswers(received: string, isHead: boolean, answers: RawAnswer[]): string {
  let text = received
  for (;;) {
    const head = /^HTTP\/1\.[01] (\d{3}) [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text)
    if (!head) return text
    const status = Number(head[1])
    const body = status < 200 || isHead ? '' : readBody(text.slice(head[0].length), head[0])
    if (body === undefined) return text
    text = text.slice(head[0].length + body.length)
    if (status >= 200) answers.push({ status, head: head[0], body })
  }
}

function readBody(text: string, head: string): string | undefined {
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  if (/^transfer-encoding:/im.test(head)) return /^(?:[0-9a-f]+\r\n.*?\r\n)*?0\r\n\r\n/is.exec(text)?.[0]
  return text.length < length ? undefined : text.slice(0, length)
}
