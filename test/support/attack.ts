import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { type RawExchange, type Sending, sendRaw } from '../attack/raw-http.ts'
import type { RunningGateway } from './gateway.ts'
import { canary, type Target, writePost } from './malformed.ts'
import { mcpTarget } from './mcp-calls.ts'
import { restTarget } from './rest-calls.ts'
import type { UpstreamStub } from './upstream-stub.ts'

/** The two ports under attack. */
export type ServerName = 'rest' | 'mcp'

/** A call of each port that is malformed from here on. */
export const targets: Readonly<Record<ServerName, Target>> = { rest: restTarget, mcp: mcpTarget }

/** A gateway, and what arrives behind it. */
export interface AttackedGateway {
  readonly gateway: RunningGateway
  readonly upstream: UpstreamStub
}

/** Sends bytes, written as latin-1 text, to a port of the gateway. */
export function attack(
  attacked: AttackedGateway,
  server: ServerName,
  text: string,
  sending: Sending = {},
): Promise<RawExchange> {
  const url = server === 'rest' ? attacked.gateway.restUrl : attacked.gateway.mcpUrl
  return sendRaw(Number(new URL(url).port), Buffer.from(text, 'latin1'), sending)
}

const sources = fileURLToPath(new URL('../..', import.meta.url))

/** What no answer to anything may be or hold; empty when all is well. */
export function findFaults({ answers, rest }: RawExchange): string[] {
  const text = answers.map(({ head, body }) => head + body).join('') + rest
  const [, ...further] = answers
  return [
    ...answers
      .map(({ status }) => status)
      .filter((status) => status >= 500 && status !== 501 && status !== 505)
      .map((status) => `status ${status}`),
    ...answers
      .filter(({ status, head, body }) => status >= 400 && !/"code":/.test(body) && !isCut(head, body))
      .map(({ status }) => `no reason for status ${status}`),
    // Bytes left over from a request with a wrong length are a request of their own, and a bad one.
    ...(further.some(({ status }) => status !== 400) || further.length > 1 ? ['more than one answer'] : []),
    ...(rest === '' ? [] : ['bytes that are no answer']),
    ...(/\bat [^\n]{1,200}:\d+:\d+|node:internal/.test(text) ? ['a stack trace'] : []),
    ...(text.includes(canary) ? ['the secret'] : []),
    ...(text.includes(sources) ? ['a path of the machine'] : []),
    ...(/^(set-cookie|server|x-powered-by):/im.test(text) ? ['a header that tells of the inside'] : []),
  ]
}

/** True of the answer to HEAD, which has the length of the body that it would have. */
function isCut(head: string, body: string): boolean {
  return body === '' && /^content-length: *[1-9]/im.test(head)
}

/** Lines of the log that contain the secret, or that tell of a failure of the gateway itself. */
export function findLogFaults(log: readonly string[]): string[] {
  return log.filter((line) => line.includes(canary) || line.includes('"level":50'))
}

/** Families of malformed requests, without an end. */
export const families = {
  'a call with bytes changed, added and taken away': (server: ServerName) =>
    fc
      .array(fc.tuple(fc.nat(), fc.nat(2), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((changes) => changes.reduce(change, writePost(targets[server], []))),
  'a call that is cut off': (server: ServerName) =>
    fc.nat().map((length) => {
      const whole = writePost(targets[server], [])
      return whole.slice(0, length % whole.length)
    }),
  'a call with a strange body': (server: ServerName) =>
    fc.oneof(fc.json(), fc.string({ unit: 'binary' })).map((body) => {
      return writePost(targets[server], [], Buffer.from(body).toString('latin1'))
    }),
  'a call with a strange header': (server: ServerName) =>
    fc.tuple(fc.string(), fc.string({ unit: 'binary' })).map(([name, value]) => {
      return writePost(targets[server], [Buffer.from(`${name}: ${value}`).toString('latin1')])
    }),
  'a strange target': (server: ServerName) =>
    fc.oneof(fc.webPath(), fc.string(), fc.webQueryParameters()).map((path) => {
      const target = Buffer.from(path).toString('latin1')
      return writePost({ ...targets[server], path: `${targets[server].path}${target}` }, [])
    }),
  'a strange message': (server: ServerName) =>
    fc
      .record({
        jsonrpc: fc.constant('2.0'),
        id: fc.jsonValue(),
        method: fc.string(),
        params: fc.jsonValue(),
      })
      .map((message) =>
        writePost(targets[server], [], Buffer.from(JSON.stringify(message)).toString('latin1')),
      ),
  'a call with strange arguments': (server: ServerName) =>
    fc
      .dictionary(fc.constantFrom('clientId', 'userId', 'body', 'limit', 'x'), fc.jsonValue())
      .map((values) => {
        const params = { name: 'update-managed-user', arguments: values }
        const body = server === 'rest' ? values : { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
        return writePost(targets[server], [], Buffer.from(JSON.stringify(body)).toString('latin1'))
      }),
} satisfies Record<string, (server: ServerName) => fc.Arbitrary<string>>

function change(text: string, [place, kind, byte]: readonly [number, number, number]): string {
  const at = place % (text.length + 1)
  const fresh = kind === 1 ? '' : String.fromCharCode(byte)
  return text.slice(0, at) + fresh + text.slice(kind === 2 ? at : at + 1)
}

/** Sends `runs` requests of a family to a port and throws at the first that is not answered as it must be. */
export async function attackWith(
  attacked: AttackedGateway,
  server: ServerName,
  family: keyof typeof families,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(families[family](server), async (text) => {
      const faults = findFaults(await attack(attacked, server, text, { finish: true }))
      if (faults.length > 0) throw new Error(faults.join(', '))
    }),
    { numRuns: runs, seed },
  )
}
