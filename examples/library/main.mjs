// A gateway as a part of a program: no port but one, no environment variable, a document of its own.
import { createGateway } from 'calgate'

const shop = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1.0.0' },
  paths: {
    '/orders/{id}': {
      get: {
        operationId: 'get-order',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
        responses: { 200: { description: 'The order' } },
      },
    },
  },
  components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  security: [{ token: [] }],
}

const gateway = await createGateway({
  descriptions: [
    {
      name: 'shop',
      document: shop,
      baseUrl: process.argv[2] ?? 'https://shop.example.org',
      credentials: { token: 'kept-in-your-vault' },
    },
  ],
  rateLimit: '600/min',
})
console.log(await gateway.rest.listen({ port: 0, host: '127.0.0.1' }))
process.once('SIGTERM', () => gateway.close())
