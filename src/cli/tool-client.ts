import { PassThrough } from 'node:stream'
import { parseExactly } from '../document/exact-numbers.ts'
import { asRecord } from '../document/json.ts'
import { readLines } from '../mcp/lines.ts'
import { type CommandContext, CommandError } from './command.ts'
import { createServed, type ServeOptions } from './served.ts'

/** A tool, as far as a command line needs it. */
export interface ListedTool {
  readonly name: string
  readonly description: string
  readonly inputSchema: unknown
}

/** What a tool returned. */
export interface CallOutcome {
  readonly isError: boolean
  /** What a model reads: of an error each problem, and what to do next. */
  readonly text: string
  /** The structured content; the text where there is none. */
  readonly value: unknown
  /** The body of a response that is no JSON: a text, or bytes. */
  readonly body?: string | Buffer
}

/** The tools of a gateway of this process. */
export interface ToolClient extends AsyncDisposable {
  list(): Promise<readonly ListedTool[]>
  call(name: string, values: Readonly<Record<string, unknown>>): Promise<CallOutcome>
}

/**
 * Opens the tools of a gateway in this process, over MCP as a client does, so that each call is checked and limited.
 * Its log goes to standard error, from `LOG_LEVEL` on, which is `silent` by default.
 */
export async function openTools(
  files: readonly string[],
  options: ServeOptions,
  context: CommandContext,
): Promise<ToolClient> {
  const environment = { LOG_LEVEL: 'silent', ...context.environment }
  const { gateway, stopMock } = await createServed(files, options, { ...context, environment }, 'stderr')
  const input = new PassThrough()
  const output = new PassThrough()
  const served = gateway.serveStdio(input, output)
  const waiting = new Map<number, (message: Readonly<Record<string, unknown>>) => void>()
  // Node's own reader of lines ends them at U+2028 as well, which JSON leaves as it is.
  const receive = async () => {
    for await (const line of readLines(output, Number.POSITIVE_INFINITY)) {
      const message = asRecord(parseExactly(String(line)))
      waiting.get(Number(message.id))?.(message)
    }
  }
  void receive()
  const send = (message: object) => input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  let last = 0
  const request = async (method: string, params: object) => {
    last += 1
    const id = last
    const response = new Promise<Readonly<Record<string, unknown>>>((resolve) => waiting.set(id, resolve))
    send({ id, method, params })
    const { result, error } = await response
    if (error) throw new CommandError(String(asRecord(error).message))
    return asRecord(result)
  }
  const clientInfo = { name: 'calgate', version: context.version }
  await request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
  send({ method: 'notifications/initialized' })
  return {
    async list() {
      const { tools } = await request('tools/list', {})
      return [tools ?? []].flat().map((tool) => {
        const { name, description, inputSchema } = asRecord(tool)
        return { name: String(name), description: String(description), inputSchema }
      })
    },
    async call(name, values) {
      const result = await request('tools/call', { name, arguments: values })
      const content = asRecord([result.content ?? []].flat()[0])
      const text = String(content.text ?? '')
      const value = result.structuredContent ?? text
      // Of a response that is no JSON, this is all that the structured content says.
      const isForeign = Object.keys(asRecord(value)).join() === 'status,contentType'
      return { isError: result.isError === true, text, value, ...(isForeign && { body: readBody(content) }) }
    },
    async [Symbol.asyncDispose]() {
      input.end()
      await served
      await gateway.close()
      await stopMock()
    },
  }
}

/** Reads the body of a response out of the content of a result: a text, an image, a sound, or a resource. */
function readBody({ text, data, resource }: Readonly<Record<string, unknown>>): string | Buffer {
  return text === undefined ? Buffer.from(String(data ?? asRecord(resource).blob), 'base64') : String(text)
}
