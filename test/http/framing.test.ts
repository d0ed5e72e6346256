import { expect, it } from 'vitest'
import { attack } from '../support/attack.ts'
import { startGateway } from '../support/gateway.ts'
import { soundLines, write } from '../support/malformed.ts'
import { restTarget } from '../support/rest-calls.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const call = write(`GET ${restTarget.path} HTTP/1.1`, soundLines)

it('what is worked on is answered, though what follows it on the connection is broken', async () => {
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  await using upstream = await startUpstream(async (_request, response) => {
    arrived.resolve()
    await released.promise
    respondJson(response, 200, { status: 'success', data: { id: 4711 } })
  })
  await using gateway = await startGateway(upstream.url)
  const exchange = attack({ gateway, upstream }, 'rest', `${call}BROKEN\r\n\r\n`)
  await arrived.promise
  released.resolve()
  const { answers, rest } = await exchange
  expect(answers.map(({ status }) => status)).toEqual([200])
  expect(answers[0]?.body).toContain('4711')
  expect(rest).toBe('')
})

it('two calls of one connection are answered in their order', async () => {
  await using upstream = await startUpstream(({ url }, response) => {
    const answer = () => respondJson(response, 200, { status: 'success', data: { url } })
    if (url.includes('limit=1')) setImmediate(() => setImmediate(answer))
    else answer()
  })
  await using gateway = await startGateway(upstream.url)
  const calls = ['1', '2'].map((limit) => call.replace('users ', `users?limit=${limit} `))
  const { answers } = await attack({ gateway, upstream }, 'rest', calls.join(''), { answers: 2 })
  expect(answers.map(({ body }) => /limit=\d/.exec(body)?.[0])).toEqual(['limit=1', 'limit=2'])
})

it('a refused body that turns out broken gets no second answer', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const head = write('POST /nowhere HTTP/1.1', [...soundLines, 'Transfer-Encoding: chunked'])
  const { answers, rest } = await attack(
    { gateway, upstream },
    'rest',
    `${head}${'1\r\na\r\n'.repeat(50_000)}ZZ\r\n`,
  )
  expect(answers).toHaveLength(1)
  expect(rest).toBe('')
})

it('the authority of a target in absolute form stands for Host', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const target = (host: string) => call.replace('GET /', `GET http://${host}/`)
  const own = await attack({ gateway, upstream }, 'rest', target('localhost'))
  const other = await attack({ gateway, upstream }, 'rest', target('gate.example.org'))
  expect([own, other].map(({ answers }) => answers[0]?.status)).toEqual([200, 403])
})
