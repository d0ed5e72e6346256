import type { Readable, Writable } from 'node:stream'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import type { RpcError } from './json-rpc.ts'
import { LineTransport } from './line-transport.ts'
import { connectTransport, type ProtocolOptions } from './protocol.ts'
import type { CallContext } from './tool-call.ts'
import type { Tools } from './tools.ts'

/** What one client is served: the tools, and what its calls come with. */
export interface StdioOffer extends ProtocolOptions {
  readonly context: CallContext
  readonly onRefused: (error: RpcError) => void
  /** Bytes of a message. */
  readonly messageLimit: number
}

/** One client on two streams. */
export interface StdioSession {
  /** Resolves when the input has ended and every call that came before has its response. */
  readonly ended: Promise<void>
  /**
   * Serves another offer from the next message on, and tells the client where the list of tools is another. Resolves
   * when the calls by the former offer have ended.
   */
  change(next: StdioOffer): Promise<void>
  /** Resolves when the output has taken the responses of the calls under way, or its reader has taken none for a minute. */
  drain(): Promise<void>
}

/** Serves MCP over two streams until the input ends. */
export function openStdio(first: StdioOffer, input: Readable, output: Writable): StdioSession {
  let offer = first
  const running = new Set<Promise<unknown>>()
  const call: Tools['call'] = (name, values, context, elicitation) => {
    const result = offer.tools.call(name, values, { ...context, ...offer.context }, elicitation)
    if (result) running.add(result)
    void result?.then(() => running.delete(result))
    return result
  }
  const list = () => offer.tools.list(offer.context)
  const onRefused = (error: RpcError) => offer.onRefused(error)
  const listSecrets = () => offer.context.listSecrets()
  const limit = first.messageLimit
  const transport = new LineTransport({ input, output, limit, onRefused, listSecrets })
  const served = { tools: { list, call }, identity: first.identity }
  const connection = connectTransport(served, first.context, transport)
  return {
    ended: end(transport, running, () => connection.close()),
    async change(next) {
      const calls = [...running]
      const before = JSON.stringify(list())
      offer = next
      if (JSON.stringify(list()) !== before) await connection.announceTools()
      await Promise.all(calls)
    },
    async drain() {
      await awaitResponses(running)
      await Promise.race([flush(output), wait(longestFlush, undefined, { ref: false })])
    },
  }
}

/**
 * Waits for the end of the input. The SDK drops the calls under way when a connection closes, and with them the results
 * of writes that have left; so it closes only when they have their responses.
 */
async function end(
  { ended }: LineTransport,
  running: ReadonlySet<Promise<unknown>>,
  close: () => Promise<void>,
): Promise<void> {
  await ended
  await awaitResponses(running)
  await close()
}

/** The last messages reach their tools, and the last responses the output, within one tick of the event loop. */
async function awaitResponses(running: ReadonlySet<Promise<unknown>>): Promise<void> {
  await setImmediate()
  await Promise.all(running)
  await setImmediate()
}

/** Milliseconds for a reader that is slow. */
const longestFlush = 60_000

function flush(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (output.writable) output.write('', () => resolve())
    else resolve()
  })
}
