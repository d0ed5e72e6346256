import { PassThrough, type Readable, type Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import type { EraOptions } from './era.ts'
import { connectStdio } from './stateless-era.ts'
import type { CallContext, Tools } from './tools.ts'

/**
 * Serves MCP over two streams until the input ends. The SDK would drop the calls under way at that moment, and
 * with them the answers of writes that have left; so it learns of the end only when they are answered.
 */
export async function serveStdio(
  { tools, identity }: EraOptions,
  context: CallContext,
  input: Readable,
  output: Writable,
): Promise<void> {
  const running = new Set<Promise<unknown>>()
  const call: Tools['call'] = (...values) => {
    const result = tools.call(...values)
    if (result) running.add(result)
    void result?.then(() => running.delete(result))
    return result
  }
  const kept = new PassThrough()
  input.pipe(kept, { end: false })
  const connection = connectStdio({ tools: { ...tools, call }, identity }, context, kept, output)
  await Promise.race([connection.closed, finished(input, { writable: false }).catch(() => {})])
  input.unpipe(kept).pause()
  // The last messages reach their tools, and the last answers the output, within one turn of the event loop.
  await setImmediate()
  await Promise.all(running)
  await setImmediate()
  await connection.close()
}
