import { setImmediate } from 'node:timers/promises'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { type Operation, readOperations } from '../../src/document/operations.ts'
import type { GatewayError } from '../../src/errors/gateway-error.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import type { Store } from '../../src/state/store.ts'
import {
  type ClientConnection,
  compose,
  currentCall,
  type Delivery,
  runInCall,
  type UpstreamCall,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../../src/upstream/call.ts'
import { breakCircuit, CircuitBreaker } from '../../src/upstream/circuit-breaker.ts'
import { unwatchedConnection } from '../../src/upstream/client.ts'
import { deadline } from '../../src/upstream/deadline.ts'
import type { IdempotencyRecord } from '../../src/upstream/idempotency.ts'
import { openPools } from '../../src/upstream/pools.ts'
import { createRequester, type RequesterOptions } from '../../src/upstream/requester.ts'
import { retry } from '../../src/upstream/retry.ts'
import { createTransport } from '../../src/upstream/transport.ts'
import { createRequesterParts } from '../support/requester-parts.ts'

/** A request that reached the upstream, for the test to respond to. */
export interface PendingRequest {
  readonly request: UpstreamRequest
  /** Settles the request, and returns when everybody who waits for it has heard. */
  settle(error: GatewayError | null, response?: UpstreamResponse): Promise<void>
}

/** A client's connection whose end, and whose deliveries, the test decides about. */
export class TestConnection implements ClientConnection {
  disconnected = false
  readonly #disconnect: (() => void)[] = []
  readonly #deliver: ((delivery: Delivery) => void)[] = []

  onDisconnect(listener: () => void): void {
    if (this.disconnected) listener()
    else this.#disconnect.push(listener)
  }

  onDelivery(listener: (delivery: Delivery) => void): void {
    this.#deliver.push(listener)
  }

  hold(): () => void {
    return () => {}
  }

  async disconnect(): Promise<void> {
    this.disconnected = true
    for (const listener of this.#disconnect) listener()
    await setImmediate()
  }

  async settle(delivery: Delivery): Promise<void> {
    for (const listener of this.#deliver) listener(delivery)
    await setImmediate()
  }
}

/** What a client received. */
export interface Received {
  readonly connection: TestConnection
  error?: GatewayError
  response?: UpstreamResponse
}

const operations = readOperations(readDocument())

/** An operation of the document by its method and the end of its path. */
export function findOperation(method: string, end: string): Operation {
  const found = operations.find((one) => one.method === method && one.path.endsWith(end))
  if (!found) throw new Error('there is no such operation')
  return found
}

/** A response with a JSON body. */
export function respond(status: number, body: unknown = {}, headers = {}): UpstreamResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  }
}

/** What of a call differs from the usual one. */
export type Changes = Partial<Pick<UpstreamRequest, 'path' | 'headers' | 'body'>> &
  Partial<Pick<UpstreamCall, 'idempotencyKey' | 'principal'>> &
  Partial<Pick<ClientConnection, 'disconnected'>>

/**
 * A store whose replies the test holds back, as a slow network does: what was asked has happened, and the gateway has
 * not heard of it.
 */
export function openSlowStore() {
  const memory = createMemoryStore<IdempotencyRecord>(() => 0)
  let isHeld = false
  const waiting: (() => void)[] = []
  const reply = async <Result>(result: Promise<Result>): Promise<Result> => {
    const value = await result
    if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve))
    return value
  }
  const store: Store<IdempotencyRecord> = {
    ...memory,
    set: (...values) => reply(memory.set(...values)),
    delete: (...values) => reply(memory.delete(...values)),
    take: (...values) => reply(memory.take(...values)),
    mark: (...values) => reply(memory.mark(...values)),
  }
  return {
    store,
    hold() {
      isHeld = true
    },
    /** Lets the replies through that are held, and all later ones. */
    async release() {
      isHeld = false
      for (const resolve of waiting.splice(0)) resolve()
      await setImmediate()
    },
  }
}

/** A requester before an upstream that the test responds for, on a clock that the test moves. */
export function openRequester(options: Partial<RequesterOptions> = {}) {
  const clock = { now: 0 }
  const sent: PendingRequest[] = []
  let givenUp = 0
  const transport = (request: UpstreamRequest) =>
    new Promise<UpstreamResponse>((resolve, reject) => {
      currentCall().sent = true
      request.signal?.addEventListener('abort', () => {
        givenUp += 1
        reject(request.signal?.reason)
      })
      const settle = async (error: GatewayError | null, response?: UpstreamResponse) => {
        if (response) resolve(response)
        else reject(error)
        await setImmediate()
      }
      sent.push({ request, settle })
    })
  const { send, close } = createRequester({
    ...createRequesterParts(() => clock.now),
    ...{ baseUrl: 'http://upstream.example.org', timeout: 60_000, transport },
    rules: readApi(readDocument()).responses,
    operations,
    ...options,
  })
  const call = async (operation: Operation, changes: Changes = {}): Promise<Received> => {
    const { idempotencyKey, principal = '', disconnected = false, ...parts } = changes
    const own = { 'x-cal-client-id': '1', 'x-cal-secret-key': 'demo-secret' }
    const headers: Record<string, string | undefined> = { ...own, ...parts.headers }
    const received: Received = { connection: new TestConnection() }
    const { connection } = received
    connection.disconnected = disconnected
    const { method } = operation
    const path = operation.path.replaceAll(/\{\w+\}/g, '1')
    const identify = () => Object.fromEntries(Object.keys(own).map((name) => [name, headers[name] ?? '']))
    const context = { operation, connection, principal, identify, listSecrets: () => [], idempotencyKey }
    runInCall(context, () => send({ method, path, ...parts, headers })).then(
      (response) => Object.assign(received, { response }),
      (error) => Object.assign(received, { error }),
    )
    await setImmediate()
    return received
  }
  return { call, clock, sent, close, givenUp: () => givenUp }
}

const someOperation = findOperation('GET', '/{userId}')

/** What the way over connections depends on in a test. */
export interface WireOptions {
  readonly baseUrl: string
  readonly timeout?: number
  readonly random?: () => number
}

/** The context of a call of a client that nobody watches, without secrets. */
export function describeCall(operation: Operation): UpstreamCall {
  return {
    operation,
    connection: unwatchedConnection,
    principal: '',
    identify: () => ({}),
    listSecrets: () => [],
  }
}

/** Sends requests over connections, one after the other, and returns the responses and the codes of errors. */
export async function sendAll(
  { baseUrl, timeout = 5000, random = () => 0 }: WireOptions,
  methods: readonly string[],
): Promise<(UpstreamResponse | { code: string; headers: object })[]> {
  const { origin, pathname } = new URL(baseUrl)
  const pools = openPools({ origin, connectTimeout: 5000 })
  const send = compose(createTransport(pools, { prefix: pathname.replace(/\/$/, '') }), [
    breakCircuit(new CircuitBreaker()),
    deadline(timeout),
    retry({ random }),
  ])
  const results = []
  for (const method of methods) {
    const call = describeCall(someOperation)
    const request = { method, path: '/users', headers: {} }
    results.push(
      await runInCall(call, () => send(request)).catch(({ code, headers }: GatewayError) => ({
        code,
        headers,
      })),
    )
    // A connection is free again a moment after its response.
    await setImmediate()
  }
  await Promise.all([pools.reads.close(), pools.writes.close()])
  return results
}
