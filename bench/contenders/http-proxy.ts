import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'

const { PORT, UPSTREAM = '' } = process.env
const app = Fastify()
app.register(httpProxy, { upstream: UPSTREAM })
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
