import { startGateway } from '../test/support/gateway.ts'
import { type Behaviour, behaveWell, startRawUpstream, writeAnswer } from '../test/support/raw-upstream.ts'
import { calls, servers } from '../test/support/servers.ts'
import { type Finding, report } from './finding.ts'

const refuse: Behaviour = (socket) => socket.write(writeAnswer('{}', '503 Service Unavailable'))

/** Concurrent clients. */
const together = 20
/** Timed responses of an open circuit. */
const samples = 200

/**
 * Calls an upstream that returns 503, then hangs, then recovers. The gateway must not add to its load, must respond at
 * once while the circuit is open, and must notice the recovery within a second.
 */
export async function failAndReturn(times = 5000): Promise<Finding[]> {
  await using upstream = await startRawUpstream(refuse)
  await using gateway = await startGateway(upstream.url, { LOG_LEVEL: 'silent', UPSTREAM_TIMEOUT_MS: '3000' })
  let made = 0
  const call = async () => {
    made += 1
    return (await servers.rest(gateway, made % 2 === 0 ? calls.get : calls.create)).code
  }
  const caller = async () => {
    while (made < times) await call()
  }
  await Promise.all(Array.from({ length: together }, caller))
  const ratio = upstream.hits / made
  const kept: number[] = []
  // One after the other: concurrent calls would wait for each other, not for the gateway.
  for (let n = 0; n < samples; n += 1) {
    const begin = performance.now()
    if ((await call()) === 'upstream_unavailable') kept.push(performance.now() - begin)
  }
  const hung = Promise.withResolvers<string>()
  upstream.behave = () => hung.resolve('hung')
  let seen: string | undefined
  while (seen !== 'hung') seen = await Promise.race([call(), hung.promise])
  // The worst moment to recover: the probe of the half-open circuit has just been sent, and gets no response.
  upstream.behave = behaveWell
  const returned = performance.now()
  while ((await call()) !== undefined);
  const recovery = performance.now() - returned
  const slow = kept.sort((one, other) => one - other)[Math.floor(kept.length * 0.99)] ?? Infinity
  return [
    {
      what: `${times} calls to an upstream that returns 503`,
      figure: 'at most 1.1 upstream calls for each call',
      measured: `${ratio.toFixed(3)} upstream calls for each call`,
      ok: ratio <= 1.1,
    },
    {
      what: `${kept.length} responses while the circuit was open`,
      figure: 'less than 50 ms, 99 of 100',
      measured: `${slow.toFixed(1)} ms`,
      ok: kept.length > samples / 2 && slow < 50,
      timed: true,
    },
    {
      what: 'recovery after an upstream that failed and then hung',
      figure: 'within 1,000 ms',
      measured: `${Math.round(recovery)} ms`,
      ok: recovery <= 1000,
      timed: true,
    },
  ]
}

if (import.meta.main) report(await failAndReturn())
