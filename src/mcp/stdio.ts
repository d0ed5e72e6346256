import type { Readable, Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { RpcError } from './json-rpc.ts'
import { LineTransport } from './line-transport.ts'
import { connectTransport, type ProtocolOptions } from './protocol.ts'
import type { CallContext, Tools } from './tools.ts'

/** What stdio needs besides the tools. */
export interface StdioOptions extends ProtocolOptions {
  readonly onRefused: (error: RpcError) => void
}

/**
 * Serves MCP over two streams until the input ends. The SDK drops the calls under way when a connection closes, and
 * with them the results of writes that have left; so it closes only when they have their responses.
 */
export async function serveStdio(
  { tools, identity, onRefused }: StdioOptions,
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
  const transport = new LineTransport({ input, output, onRefused })
  const connection = connectTransport({ tools: { ...tools, call }, identity }, context, transport)
  await transport.ended
  // The last messages reach their tools, and the last responses the output, within one tick of the event loop.
  await setImmediate()
  await Promise.all(running)
  await setImmediate()
  await connection.close()
}
