// The routes and the tools of an API inside an app of your own, behind its own authentication.
import calgate from 'calgate/fastify'
import Fastify from 'fastify'

const app = Fastify({ logger: true })
const users = new Map([['ada-token', { name: 'ada', scopes: ['managed-users:read'] }]])

app.get('/', async () => ({ hello: 'from the app' }))

await app.register(async (api) => {
  api.decorateRequest('user', null)
  api.addHook('onRequest', async (request, reply) => {
    request.user = users.get(request.headers['x-app-token'])
    if (!request.user) return reply.code(401).send({ error: 'no such token' })
  })
  // Without descriptions it is the API that calgate ships with.
  await api.register(calgate, {
    prefix: '/bookings',
    descriptions: [
      {
        baseUrl: process.argv[2] ?? 'https://api.cal.com',
        credentials: { secretKey: 'demo-secret' },
        pins: { clientId: 'cm9demo000001abcd1234efgh' },
      },
    ],
    grant: ({ user }) => user,
  })
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.once('SIGTERM', () => app.close())
