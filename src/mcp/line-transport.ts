import type { Readable, Writable } from 'node:stream'
import { parseExactly } from '../document/exact-numbers.ts'
import { parseJson, RefusedJson } from '../document/json.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { refuseSize } from '../http/problem-response.ts'
import { redactNames } from '../upstream/secret-search.ts'
import { checkBatch, readIds } from './batch.ts'
import { type Id, type RpcError, readId, redactEcho, toRpcError, writeError } from './json-rpc.ts'
import { readLines } from './lines.ts'
import { readLongId } from './long-message.ts'
import { hasEnvelope, messageLimits } from './messages.ts'
import { type Message, readMessage } from './protocol.ts'
import { statelessVersion } from './revisions.ts'

/** The streams of a client, and who is told of what cannot be read. */
export interface LineTransportOptions {
  readonly input: Readable
  readonly output: Writable
  /** Bytes of a message. */
  readonly limit: number
  /** Told of each message that is refused. */
  readonly onRefused: (error: RpcError) => void
  /** Lists what no refusal repeats. */
  readonly listSecrets: () => readonly string[]
}

/** The requests of a batch that still run, and the responses, which are written together as JSON texts. */
interface Batch {
  running: number
  readonly responses: string[]
}

/**
 * Carries the messages of one client over two streams, each a line of JSON (MCP "stdio"). The SDK has such a transport
 * too; this one reads JSON as the HTTP endpoint does, responds to what is no message, and takes the batches of
 * 2025-03-26.
 */
export class LineTransport {
  onmessage?: (message: Message) => void
  onclose?: () => void
  /** Resolves when the input has ended or the output is broken. */
  readonly ended: Promise<void>
  readonly #options: LineTransportOptions
  readonly #end: () => void
  readonly #batches = new Map<unknown, Batch>()
  #version = ''

  constructor(options: LineTransportOptions) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#end = resolve
    this.#options = options
  }

  async start(): Promise<void> {
    this.#options.output.on('error', this.#end)
    this.#read().then(this.#end, this.#end)
  }

  /** Takes the revision that server and client have agreed on. */
  setProtocolVersion = (version: string): void => {
    this.#version = version
  }

  async send(message: Message): Promise<void> {
    const text = JSON.stringify(redactEcho(message, this.#options))
    const id = 'method' in message ? undefined : message.id
    if (!this.#endRequest(id, text)) this.#write(text)
  }

  async close(): Promise<void> {
    this.#end()
    this.onclose?.()
  }

  async #read(): Promise<void> {
    const { input, limit } = this.#options
    for await (const line of readLines(input, limit))
      if (Buffer.isBuffer(line)) this.#receive(line)
      else this.#write(this.#refuse(refuseSize(limit), readLongId(line)))
  }

  #receive(line: Buffer): void {
    let body: unknown
    try {
      body = parseJson(line, messageLimits, parseExactly)
      if (Array.isArray(body)) this.#receiveBatch(body)
      else this.#passOn(readMessage(body))
    } catch (error) {
      const received = error instanceof RefusedJson ? error.value : body
      this.#write(this.#refuse(error, readIds(received, this.#version)))
    }
  }

  #receiveBatch(values: readonly unknown[]): void {
    checkBatch(values, this.#version)
    const batch: Batch = { running: 0, responses: [] }
    const messages = values.flatMap((value) => {
      try {
        return readMessage(value)
      } catch (error) {
        batch.responses.push(this.#refuse(error, readId(value)))
        return []
      }
    })
    for (const message of messages) {
      // An id that is used twice has one entry: nothing waits for a second response.
      if (!('method' in message && 'id' in message) || this.#batches.has(message.id)) continue
      batch.running += 1
      this.#batches.set(message.id, batch)
    }
    this.#writeEnded(batch)
    for (const message of messages) this.#passOn(message)
  }

  /** Passes a message on to the SDK, which sends no response to a request that is cancelled (MCP "Cancellation"). */
  #passOn(message: Message): void {
    // Nothing else tells of the revision without initialize.
    if (this.#version === '' && hasEnvelope(message)) this.#version = statelessVersion
    this.onmessage?.(message)
    if ('method' in message && message.method === 'notifications/cancelled')
      this.#endRequest(message.params?.requestId)
  }

  /** Ends a request of a batch, whose responses are written after its last one. False where the request is in none. */
  #endRequest(id: unknown, ...responses: readonly string[]): boolean {
    const batch = this.#batches.get(id)
    if (!batch) return false
    this.#batches.delete(id)
    batch.running -= 1
    batch.responses.push(...responses)
    this.#writeEnded(batch)
    return true
  }

  #writeEnded({ running, responses }: Batch): void {
    if (running === 0 && responses.length > 0) this.#write(`[${responses.join()}]`)
  }

  #refuse(error: unknown, id: Id | readonly Id[]): string {
    const own = error instanceof GatewayError ? redactNames(error, this.#options.listSecrets()) : error
    const known = toRpcError(own)
    this.#options.onRefused(known)
    return writeError(known, id)
  }

  #write(text: string): void {
    this.#options.output.write(`${text}\n`)
  }
}
