import Fastify, { type FastifyInstance } from 'fastify'
import { readDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'
import { mockHeader } from '../choice.ts'
import { registerBodies, toCalComError } from './bodies.ts'
import { type Clock, createDice, type Dice } from './clock.ts'
import { registerControl } from './control.ts'
import { CalComError, describeError } from './errors.ts'
import { createFaultQueue } from './faults.ts'
import { createHandler, type MockState } from './handlers.ts'
import { rewriteUrl, routing } from './quirks.ts'
import { sendResponse } from './reply.ts'
import { createStore } from './store.ts'
import { createThrottle } from './throttle.ts'
import { createMint } from './tokens.ts'

/** A Cal.com that remembers; disposing of it closes its port and every connection. */
export interface CalComMock extends AsyncDisposable {
  /** Where it listens, without a trailing slash. */
  readonly url: string
}

/** What the mock is to be like. */
export interface CalComOptions {
  /** By default any free port. */
  readonly port?: number
  /** The same seed gives the same tokens and ids. */
  readonly seed?: string
  readonly clock?: Clock
  /** False: calls are counted, and none is too many. */
  readonly throttles?: boolean
}

/** Bytes of a request body that Cal.com still reads. */
const bodyLimit = 102_400

/** Starts the mock. Throws with `code` `EADDRINUSE` when the port is taken. */
export async function startCalCom(options: CalComOptions = {}): Promise<CalComMock> {
  const { port = 0, seed = 'calgate', clock: given = Date.now, throttles = true } = options
  let ahead = 0
  const clock = () => given() + ahead
  const createWorld = () => {
    const dice = createDice(seed)
    return {
      store: createStore(clock),
      mint: createMint(clock, dice),
      throttle: createThrottle(clock, throttles),
      clock,
    }
  }
  const state: MockState = { world: createWorld(), faults: createFaultQueue(), held: new Set() }
  const app = createApp(createDice(`${seed} requests`), clock)
  await registerControl(app, {
    ...state,
    advance: (milliseconds) => {
      ahead += milliseconds
    },
    reset: () => {
      ahead = 0
      state.world = createWorld()
    },
    operations: readOperations(readDocument()).map(({ id }) => id),
  })
  registerOperations(app, state)
  const url = await app.listen({ host: '127.0.0.1', port })
  return { url, [Symbol.asyncDispose]: () => app.close() }
}

/** Creates what surrounds every operation: ids, errors in Cal.com's shapes, its way with paths. */
function createApp(dice: Dice, clock: Clock): FastifyInstance {
  const app = Fastify({
    bodyLimit,
    forceCloseConnections: true,
    // For the control routes alone: what they do not understand must not vanish.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    routerOptions: routing,
    rewriteUrl,
  })
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'x-request-id': dice.uuid(),
      'access-control-allow-origin': '*',
      [mockHeader]: 'stateful',
    })
  })
  registerBodies(app)
  app.setNotFoundHandler(({ method, originalUrl }) => {
    throw new CalComError('unknown_route', { method, url: originalUrl })
  })
  app.setErrorHandler((error, { originalUrl }, reply) => {
    const known = error instanceof CalComError ? error : toCalComError(error)
    const { status, body } = describeError(known, originalUrl, clock())
    return sendResponse(reply, status, body)
  })
  return app
}

/** Routes the document's operations at their upstream paths. */
function registerOperations(app: FastifyInstance, state: MockState): void {
  for (const operation of readOperations(readDocument()))
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: createHandler(operation, state),
    })
}
