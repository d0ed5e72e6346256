import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const user = JSON.stringify({
  status: 'success',
  data: { id: 4711, email: 'ada@example.org', username: 'ada' },
})

/** An upstream that returns one user after some milliseconds, and counts its calls. */
export interface QuickUpstream extends AsyncDisposable {
  readonly url: string
  readonly hits: number
}

/** Starts it on a free loopback port. */
export async function startQuickUpstream(delay = 0): Promise<QuickUpstream> {
  let hits = 0
  const server = createServer(async (request, response) => {
    request.resume()
    hits += 1
    if (delay > 0) await wait(delay)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': user.length }).end(user)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    get hits() {
      return hits
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
