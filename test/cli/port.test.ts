import fastify from 'fastify'
import { expect, it } from 'vitest'
import { describePortError } from '../../src/cli/port.ts'

it('says which variable moves the port of a worker that is beyond the last one', async () => {
  const error = await fastify()
    .listen({ host: '127.0.0.1', port: 65_537 })
    .catch((reason: unknown) => reason)
  expect(describePortError(error, 65_537, 'CONTROL_PORT')?.message).toBe(
    'port 65537 is beyond 65535; set CONTROL_PORT to another port',
  )
})
