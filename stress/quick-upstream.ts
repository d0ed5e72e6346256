import { setTimeout as wait } from 'node:timers/promises'
import { type CountingServer, startCountingServer } from './counting-server.ts'

const user = JSON.stringify({
  status: 'success',
  data: { id: 4711, email: 'ada@example.org', username: 'ada' },
})

/** Starts an upstream on a free loopback port that returns one user after some milliseconds. */
export function startQuickUpstream(delay = 0): Promise<CountingServer> {
  return startCountingServer(async (_request, response) => {
    if (delay > 0) await wait(delay)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': user.length }).end(user)
  })
}
