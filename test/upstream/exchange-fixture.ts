import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { type Operation, readOperations } from '../../src/document/operations.ts'
import type { GatewayError } from '../../src/errors/gateway-error.ts'
import type { UpstreamCall } from '../../src/upstream/call.ts'
import type { Arrival, Caller } from '../../src/upstream/caller.ts'
import type { ResponseCallback, UpstreamRequest } from '../../src/upstream/dispatcher.ts'
import { createExchange } from '../../src/upstream/exchange.ts'
import type { UpstreamResponse } from '../../src/upstream/response-collector.ts'

/** A request that reached the upstream, to be answered by the test. */
export interface PendingRequest {
  readonly request: UpstreamRequest
  readonly settle: ResponseCallback
}

/** A caller whose leaving, and whose receiving, the test decides about. */
export class TestCaller implements Caller {
  gone = false
  readonly #leave: (() => void)[] = []
  readonly #arrive: ((arrival: Arrival) => void)[] = []

  onGone(listener: () => void): void {
    this.#leave.push(listener)
  }

  onArrival(listener: (arrival: Arrival) => void): void {
    this.#arrive.push(listener)
  }

  leave(): void {
    this.gone = true
    for (const listener of this.#leave) listener()
  }

  settle(arrival: Arrival): void {
    for (const listener of this.#arrive) listener(arrival)
  }
}

/** What a caller got. */
export interface Received {
  readonly caller: TestCaller
  error?: GatewayError | null
  answer?: UpstreamResponse | undefined
}

const operations = readOperations(readDocument())

/** An operation of the document by its method and the end of its path. */
export function findOperation(method: string, end: string): Operation {
  const found = operations.find((one) => one.method === method && one.path.endsWith(end))
  if (!found) throw new Error('there is no such operation')
  return found
}

/** An answer with a JSON body. */
export function answer(status: number, body: unknown = {}, headers = {}): UpstreamResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  }
}

/** An exchange before an upstream that the test answers for, on a clock that the test moves. */
export function openExchange() {
  const clock = { now: 0 }
  const sent: PendingRequest[] = []
  let abandoned = 0
  const exchange = createExchange({
    dispatcher: {
      circuit: { state: 'closed' },
      origin: 'http://upstream.example.org',
      send(request, settle) {
        sent.push({ request, settle })
        return () => {
          abandoned += 1
        }
      },
      close: async () => {},
    },
    rules: readApi(readDocument()).responses,
    key: new Uint8Array(32),
    clock: () => clock.now,
  })
  const call = (operation: Operation, changes: Partial<UpstreamCall> = {}): Received => {
    const received: Received = { caller: new TestCaller() }
    const path = operation.path.replaceAll(/\{\w+\}/g, '1')
    const headers = { 'x-cal-client-id': '1', 'x-cal-secret-key': 'demo-secret' }
    const of = { principal: '', listSecrets: () => [], caller: received.caller }
    const base = { operation, method: operation.method, path, headers, ...of }
    exchange.send({ ...base, ...changes }, (error, answer) => Object.assign(received, { error, answer }))
    return received
  }
  return { call, clock, sent, abandoned: () => abandoned }
}
