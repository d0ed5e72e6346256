import { setTimeout as wait } from 'node:timers/promises'
import { startUpstream, type UpstreamStub } from '../test/support/upstream-stub.ts'

/** Milliseconds that a write takes. */
const slowness = 400
/** Bytes of a list that is too large to be kept many times. */
const largeList = 25 * 1024 * 1024

const user = (bio: string) =>
  JSON.stringify({ status: 'success', data: { id: 4711, email: 'ada@example.org', username: 'ada', bio } })
const plain = user('')
/** Beginnings of tokens, which once took a time in proportion to the square of their length. */
const tokens = user('eyJ'.repeat(33_000))
const list = Buffer.from(
  `{"status":"success","data":[${`${JSON.stringify({ id: 1, bio: 'x'.repeat(1_000) })},`.repeat(largeList / 1_024).slice(0, -1)}]}`,
)
const failure = JSON.stringify({ statusCode: 500, message: 'Internal server error' })

/** The users whose reads do not go well. */
export const userOf = { tokens: 1001, failure: 1002 } as const

/** Starts an upstream that is slow to writes, sends 25 MB to lists, and treats some users as `userOf` names them. */
export async function startAttackUpstream(): Promise<UpstreamStub> {
  const upstream = await startUpstream(async ({ method, url }, response) => {
    // A flood is not remembered.
    upstream.requests.length = 0
    const [status, body] = url.endsWith(`/users/${userOf.failure}`)
      ? [500, failure]
      : url.endsWith(`/users/${userOf.tokens}`)
        ? [200, tokens]
        : [200, method === 'GET' && url.includes('?limit=250') ? list : plain]
    if (method !== 'GET') await wait(slowness)
    response
      .writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
      .end(body)
  })
  return upstream
}
