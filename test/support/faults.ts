import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type Behaviour, goodBody, writeAnswer } from './raw-upstream.ts'

/** What a caller gets: a status, and the gateway's own code where the answer is not the upstream's. */
export type Expected = readonly [status: number, code?: string]

/** One way in which an upstream can let its callers down. */
export interface Fault {
  readonly name: string
  readonly behave: Behaviour
  readonly expected: Expected
  /** True when a read is tried a second time, since its answer was lost on the way. */
  readonly again?: true
  /** True when only the deadline ends it. */
  readonly slow?: true
}

type Row = readonly [name: string, behave: Behaviour]

const lost = [502, 'upstream_connection_lost'] as const
const invalid = [502, 'upstream_invalid_response'] as const
const late = [504, 'upstream_timeout'] as const

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const bytes = 'HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n'
const long = `${head}content-length: 100\r\n\r\n`
const chunked = `${head}transfer-encoding: chunked\r\n\r\n`
const say = (text: string | Buffer) => (socket: Socket) => void socket.write(text)
const sayAndClose = (text: string) => (socket: Socket) => void socket.end(text)
const sayAndReset = (text: string) => (socket: Socket) => {
  if (text === '') socket.resetAndDestroy()
  else socket.write(text, () => socket.resetAndDestroy())
}
const drip = (text: string, drop: string) => (socket: Socket) => {
  socket.write(text)
  const timer = setInterval(() => socket.writable && socket.write(drop), 20)
  socket.on('close', () => clearInterval(timer))
}
/** Writes pieces so that each arrives by itself. */
const spell = (pieces: Iterable<string>) => async (socket: Socket) => {
  for (const piece of pieces) {
    socket.write(piece)
    await setImmediate()
  }
}
const continued = `HTTP/1.1 100 Continue\r\n\r\n${writeAnswer(goodBody)}`
const html = '<html><body>Attention Required!</body></html>'
const page = (status: string) =>
  `HTTP/1.1 ${status}\r\ncontent-type: text/html\r\ncontent-length: ${html.length}\r\n\r\n${html}`
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
const zipped = (body: Buffer, type = 'application/json') =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-encoding: gzip\r\n`),
    Buffer.from(`content-length: ${body.length}\r\n\r\n`),
    body,
  ])
const cutGzip = gzipSync(goodBody).subarray(0, -9)
const redirect = (status: string) => writeAnswer('{}', status, 'location: http://127.0.0.1:1/elsewhere\r\n')

const breaks: readonly Row[] = [
  ['closes without an answer', sayAndClose('')],
  ['resets without an answer', sayAndReset('')],
  ['resets after half a status line', sayAndReset('HTTP/1.1 20')],
  ['resets after the status line', sayAndReset('HTTP/1.1 200 OK\r\n')],
  ['closes among the headers', sayAndClose(head)],
  ['resets among the headers', sayAndReset(head)],
  ['resets before the body', sayAndReset(long)],
  ['closes before the body', sayAndClose(long)],
  ['closes within the body', sayAndClose(`${long}{"status":"success","data":{}}`)],
  ['resets within the body', sayAndReset(`${long}{"status":`)],
  ['closes within a chunk', sayAndClose(`${chunked}20\r\n{"status":`)],
  ['closes before the last chunk', sayAndClose(`${chunked}2\r\n{}\r\n`)],
  ['resets between two chunks', sayAndReset(`${chunked}2\r\n{}\r\n`)],
  ['closes within an error', sayAndClose('HTTP/1.1 500 Oops\r\ncontent-length: 50\r\n\r\n{"statusCode"')],
  ['speaks another protocol', sayAndClose('SSH-2.0-OpenSSH_9.2\r\n')],
  ['sends random bytes', sayAndClose('\x00\x01\x02\xff\xfe')],
  ['sends a body without a status line', sayAndClose(goodBody)],
  ['sends two lengths', sayAndClose(`${head}content-length: 2\r\ncontent-length: 4\r\n\r\n{}`)],
  ['sends a length that is no number', sayAndClose(`${head}content-length: two\r\n\r\n{}`)],
  ['sends a negative length', sayAndClose(`${head}content-length: -2\r\n\r\n{}`)],
  ['sends a chunk of no size', sayAndClose(`${chunked}zz\r\n{}\r\n0\r\n\r\n`)],
  [
    'sends a length and chunks',
    sayAndClose(`${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
  ],
  ['sends a broken header', sayAndClose(`${head}bad header\r\ncontent-length: 2\r\n\r\n{}`)],
  ['sends a header with a NUL', sayAndClose(`${head}x-a: \x00\r\ncontent-length: 2\r\n\r\n{}`)],
  [
    'switches protocols',
    say(`HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n${goodBody}`),
  ],
  ['sends an interim response without end', say(`HTTP/1.1 100 Continue\r\nx-a: ${'a'.repeat(70_000)}`)],
  ['sends headers without end', say(`${head}x-a: ${'a'.repeat(70_000)}`)],
]

const hangs: readonly Row[] = [
  ['never answers', () => {}],
  ['stops after the status line', say('HTTP/1.1 200 OK\r\n')],
  ['stops among the headers', say(head)],
  ['stops before the body', say(long)],
  ['stops within the body', say(`${long}{"status":`)],
  ['stops within a chunk', say(`${chunked}20\r\n{"status":`)],
  ['stops before the last chunk', say(`${chunked}2\r\n{}\r\n`)],
  ['stops before a body without a type and an end', say('HTTP/1.1 200 OK\r\n\r\n')],
  ['stops before bytes in chunks', say(`${bytes}transfer-encoding: chunked\r\n\r\n`)],
  ['stops before an error without an end', say('HTTP/1.1 500 Oops\r\n\r\n')],
  ['drips interim responses', drip('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n')],
  ['drips headers', drip('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n')],
  ['drips a body', drip(`${head}content-length: 100000\r\n\r\n`, ' ')],
  ['drips chunks', drip(chunked, '1\r\n \r\n')],
]

const nonsense: readonly Row[] = [
  ['answers with nothing', say(`${head}content-length: 0\r\n\r\n`)],
  ['answers with half a JSON text', say(writeAnswer('{"status":"success","data":'))],
  [
    'answers with a Latin-1 byte',
    say(Buffer.from(writeAnswer('{"name":"Zo?"}').replace('?', '\xeb'), 'latin1')),
  ],
  ['answers with more than a JSON text', say(writeAnswer(`${goodBody}}`))],
  ['answers with a JSON text behind two byte order marks', say(writeAnswer(`\ufeff\ufeff${goodBody}`))],
  ['answers with a length that cuts the body', sayAndClose(`${head}content-length: 10\r\n\r\n${goodBody}`)],
  ['answers with gzip', say(zipped(gzipSync(goodBody)))],
  ['answers with a gzip bomb', say(zipped(bomb))],
  ['answers with gzip that is cut', say(zipped(cutGzip))],
  ['streams gzip that is cut', say(zipped(cutGzip, 'application/octet-stream'))],
  ['answers with 40 MB', say(`${head}content-length: 41943040\r\n\r\n${' '.repeat(41_943_040)}`)],
  [
    'fails with a Latin-1 byte',
    say(Buffer.from(writeAnswer('{"message":"Zo?"}', '500 Oops').replace('?', '\xeb'), 'latin1')),
  ],
  ['answers with a status that does not exist', say(writeAnswer(goodBody, '999 Odd'))],
]

const bare = '{"statusCode":500,"message":"Internal server error"}'
const passing: readonly (readonly [...Row, Expected])[] = [
  ['fails with 500', say(writeAnswer(bare, '500 Internal Server Error')), [500]],
  ['fails with a page and 502', say(page('502 Bad Gateway')), [502]],
  ['fails with a page and 503', say(page('503 Service Unavailable')), [503]],
  ['fails with a page and 504', say(page('504 Gateway Timeout')), [504]],
  ['fails with 520', say(page('520 Unknown')), [520]],
  ['refuses with a page and 403', say(page('403 Forbidden')), [403]],
  ['answers with a page', say(page('200 OK')), [200]],
  ['answers without a type', say(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}`), [200]],
  ['redirects with 301', say(redirect('301 Moved Permanently')), [301]],
  ['redirects with 302', say(redirect('302 Found')), [302]],
  ['redirects with 303', say(redirect('303 See Other')), [303]],
  ['redirects with 307', say(redirect('307 Temporary Redirect')), [307]],
  ['redirects with 308', say(redirect('308 Permanent Redirect')), [308]],
  ['answers 304 to an unconditional request', say('HTTP/1.1 304 Not Modified\r\n\r\n'), [304]],
  [
    'answers 304 with the length of what has not changed',
    say('HTTP/1.1 304 Not Modified\r\ncontent-length: 100\r\n\r\n'),
    [304],
  ],
  ['asks to wait', say(writeAnswer('{}', '429 Slow', 'X-RateLimit-Reset-Default: 7\r\n')), [429]],
  ['asks to wait, for how long it does not say', say(writeAnswer('{}', '429 Slow')), [429]],
  [
    'answers after 100 Continue, for which nobody asked',
    say(`HTTP/1.1 100 Continue\r\n\r\n${writeAnswer(goodBody)}`),
    [200],
  ],
  [
    'answers after several interim responses, byte by byte',
    spell(`HTTP/1.1 100 Continue\r\nserver: a\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${continued}`),
    [200],
  ],
  [
    'answers with a body that looks like an interim response',
    spell([`${head}content-length: 23\r\n\r\n{"a":"`, 'HTTP/1.1 100 OK"}']),
    [200],
  ],
  [
    'answers after 103 Early Hints',
    say(`HTTP/1.1 103 Early\r\nlink: a\r\n\r\n${writeAnswer(goodBody)}`),
    [200],
  ],
  ['answers and closes', sayAndClose(writeAnswer(goodBody)), [200]],
  ['answers until it closes', sayAndClose(`${head}\r\n${goodBody}`), [200]],
  ['answers twice', say(writeAnswer(goodBody).repeat(2)), [200]],
]

/** Every way to fail that an upstream with a connection has; those without one are tests of their own. */
export const faults: readonly Fault[] = [
  ...breaks.map(([name, behave]): Fault => ({ name, behave, expected: lost, again: true })),
  ...hangs.map(([name, behave]): Fault => ({ name, behave, expected: late, slow: true })),
  ...nonsense.map(([name, behave]): Fault => ({ name, behave, expected: invalid })),
  ...passing.map(([name, behave, expected]): Fault => ({ name, behave, expected })),
]
