import type { FastifyInstance } from 'fastify'
import { catalogue } from './errors.ts'
import type { Fault, FaultQueue } from './faults.ts'

/** What the control routes act on. */
export interface Controls {
  readonly faults: FaultQueue
  /** Responses held back until they are released. */
  readonly held: Set<() => void>
  /** Lets time pass, in milliseconds. */
  advance(milliseconds: number): void
  /** Goes back to the users, tokens, counts and hour of the beginning. */
  reset(): void
  /** The operations a fault can be meant for. */
  readonly operations: readonly string[]
}

/** A name that means nothing is refused: a fault that never happens would let a test pass for nothing. */
const describeFault = (operations: readonly string[]) => ({
  type: 'object',
  additionalProperties: false,
  properties: {
    operation: { enum: operations },
    times: { type: 'integer', minimum: 1 },
    error: { enum: Object.keys(catalogue) },
    status: { type: 'integer', minimum: 200, maximum: 599 },
    hold: { type: 'boolean' },
    reset: { enum: ['before', 'after'] },
    truncate: { type: 'boolean' },
    contentType: { type: 'string' },
    mismatch: {
      type: 'object',
      required: ['pointer', 'change'],
      additionalProperties: false,
      properties: {
        pointer: { type: 'string', pattern: '^/' },
        change: { enum: ['drop', 'rename', 'retype', 'null', 'extra'] },
      },
    },
  },
})

/**
 * Registers the routes that script the mock, outside of Cal.com's paths: `POST /_control/faults`, `/release`,
 * `/clock` (`{ advance }` in milliseconds) and `/reset`. A fault that is not understood returns 400.
 */
export async function registerControl(
  app: FastifyInstance,
  { faults, held, advance, reset, operations }: Controls,
): Promise<void> {
  await app.register(
    async (routes) => {
      routes.setErrorHandler((error, _request, reply) => reply.code(400).send({ message: String(error) }))
      const fault = describeFault(operations)
      routes.post<{ Body: Fault }>('/faults', { schema: { body: fault } }, async ({ body }, reply) => {
        faults.add(body)
        return reply.code(204).send()
      })
      const release = () => {
        for (const letGo of held) letGo()
        held.clear()
      }
      routes.post('/release', async (_request, reply) => {
        release()
        return reply.code(204).send()
      })
      const clock = {
        type: 'object',
        required: ['advance'],
        properties: { advance: { type: 'integer', minimum: 0 } },
      } as const
      routes.post<{ Body: { advance: number } }>(
        '/clock',
        { schema: { body: clock } },
        async ({ body }, reply) => {
          advance(body.advance)
          return reply.code(204).send()
        },
      )
      routes.post('/reset', async (_request, reply) => {
        faults.clear()
        release()
        reset()
        return reply.code(204).send()
      })
    },
    { prefix: '/_control' },
  )
}
