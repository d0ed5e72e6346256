import { createHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { attack, type ServerName, targets } from '../test/support/attack.ts'
import { startGateway } from '../test/support/gateway.ts'
import { writePost } from '../test/support/malformed.ts'
import { listFramings } from '../test/support/malformed-framing.ts'
import { listMcpCalls, listRefusedMessages } from '../test/support/mcp-calls.ts'
import { listRestCalls } from '../test/support/rest-calls.ts'
import { startUpstream } from '../test/support/upstream-stub.ts'
import { type Finding, report } from './finding.ts'

/** Largest body of each server, in bytes. */
const largest = { rest: 102_400, mcp: 131_072 } as const

/** Lists inputs of the largest size that take the most work. */
function listHeavy(server: ServerName): (readonly [name: string, body: string])[] {
  const size = largest[server] - 400
  const fill = (piece: string) => piece.repeat(Math.floor(size / piece.length))
  const list = (piece: string) => fill(`${piece},`).slice(0, -1)
  const keys = Array.from(
    { length: Math.floor(size / 9) },
    (_, n) => `"${n.toString(36).padStart(4, '0')}":0`,
  )
  const inner: (readonly [string, string])[] = [
    ['one long text', `{"name":"${fill('a')}"}`],
    ['a text of quotes', `{"name":"${fill('\\"')}"}`],
    ['a text of escapes', `{"name":"${fill('\\u0041')}"}`],
    ['a text of backslashes', `{"name":"${fill('\\\\')}"}`],
    ['a long e-mail address', `{"email":"${fill('a.')}a@example.org"}`],
    ['a long e-mail domain', `{"email":"a@${fill('a-.')}org"}`],
    ['a long URL', `{"avatarUrl":"https://${fill('a.')}org/"}`],
    ['a URL of escapes', `{"avatarUrl":"https://example.org/${fill('%41')}"}`],
    ['a long time zone', `{"timeZone":"${fill('Europe/')}"}`],
    ['a time zone as long as it may be', `{"timeZone":"${'A/'.repeat(32)}"}`],
    ['unknown keys', `{${keys.join(',')}}`],
    ['unknown keys of metadata', `{"metadata":{${keys.slice(0, -3).join(',')}}}`],
    ['a list of numbers', `{"metadata":{"a":[${list('1')}]}}`],
    ['a list of lists', `{"metadata":[${list('[]')}]}`],
    ['a list of objects', `{"metadata":[${list('{}')}]}`],
    ['deep lists', `{"a":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`],
    ['deep objects', `${'{"a":'.repeat(size / 6)}1${'}'.repeat(size / 6)}`],
    ['a long number', `{"timeFormat":${fill('1')}}`],
    ['a long fraction', `{"timeFormat":0.${fill('1')}}`],
    ['blanks', `${fill(' ')}{}`],
    ['a long key', `{"${fill('k')}":1}`],
    ['the same key again and again', `{${list('"a":1')}}`],
  ]
  if (server === 'rest') return inner
  const call = (body: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create-managed-user","arguments":{"clientId":"a","body":${body}}}}`
  return inner.map(([name, body]) => [name, call(body)])
}

/** Measures how long each single input blocks the event loop, and names the worst. */
export async function findWorstInput(): Promise<Finding> {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, { LOG_LEVEL: 'silent' })
  const attacked = { gateway, upstream }
  const inputs = (['rest', 'mcp'] as const).flatMap((server) => [
    ...listHeavy(server).map(([name, body]) => ({
      server,
      name,
      text: writePost(targets[server], [], body),
      sending: {},
    })),
    ...[...listFramings(targets[server]), ...(server === 'rest' ? listRestCalls() : listMcpCalls())].map(
      ([name, text, , sending]) => ({ server, name, text, sending }),
    ),
    ...(server === 'mcp' ? listRefusedMessages().map((one) => ({ server, sending: {}, ...one })) : []),
  ])
  for (const { server, text, sending } of inputs) await attack(attacked, server, text, sending)
  const worst = { name: '', blocked: 0 }
  const overall = createHistogram()
  for (const { server, name, text, sending } of inputs) {
    const blocked = await measureLeast(() => attack(attacked, server, text, sending))
    overall.record(Math.max(1, Math.round(blocked * 1000)))
    if (blocked > worst.blocked) Object.assign(worst, { name: `${name} on ${server}`, blocked })
  }
  return {
    what: `the worst of ${inputs.length} single inputs`,
    figure: 'blocks the event loop for at most 50 ms',
    measured: `${worst.blocked.toFixed(1)} ms by ${worst.name}; median ${(overall.percentile(50) / 1000).toFixed(1)} ms`,
    ok: worst.blocked <= 50,
  }
}

/**
 * Returns how long the event loop was blocked, in milliseconds, the work of the client included. Other processes can only
 * lengthen it, so the least of some attempts is the closest.
 */
async function measureLeast(send: () => Promise<unknown>, tries = 3): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < tries && least > 5; n += 1) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    await wait(3)
    delay.enable()
    const begin = performance.eventLoopUtilization()
    await send()
    const { active } = performance.eventLoopUtilization(begin)
    await wait(2)
    delay.disable()
    least = Math.min(least, Math.max(0, Math.min(delay.max / 1e6 - 1, active)))
  }
  return least
}

if (import.meta.main) report([await findWorstInput()])
