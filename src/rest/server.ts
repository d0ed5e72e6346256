import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Policy } from '../access/authorization.ts'
import type { OpenApiDocument } from '../document/document.ts'
import { once } from '../document/once.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { holdSlot } from '../http/admission.ts'
import { createListener, type ListenerOptions } from '../http/listener.ts'
import { HttpConnection } from '../upstream/client-connection.ts'
import type { ConfiguredCredentials } from '../upstream/credentials.ts'
import { createPipeline } from '../upstream/pipeline.ts'
import { forward, registerProxy } from '../upstream/proxy.ts'
import { createCallWriter } from '../upstream/request.ts'
import type { Requester } from '../upstream/requester.ts'
import { type BodyLimits, refuseUnwantedBody, registerBodyParser } from './body.ts'
import { createRequestReader } from './input.ts'
import { registerReference } from './reference.ts'
import { createMethodFinder, writeRoute } from './routes.ts'
import { describeDeployment } from './served-document.ts'

/** Methods whose bodies Fastify reads by itself. */
const methodsWithBody = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What the REST server is made of. */
export interface RestOptions extends Omit<ListenerOptions, 'bodyLimit' | 'surface'> {
  readonly document: OpenApiDocument
  readonly operations: readonly CheckedOperation[]
  readonly requester: Requester
  readonly configured: ConfiguredCredentials
  readonly policy: Policy
  readonly bodyLimits: BodyLimits
  /** Whether clients need a credential of the gateway's own. */
  readonly isGuarded: boolean
  /** Present where browsers get a reference of the API. */
  readonly page?: { readonly title: string } | undefined
}

/** Builds the REST server: the operations at their exposed paths, and the document itself. */
export async function createRestServer(options: RestOptions): Promise<FastifyInstance> {
  const { document, requester, bodyLimits } = options
  const operations = options.operations.filter(({ isOffRest }) => !isOffRest)
  const findMethods = createMethodFinder(operations)
  const refuseUnrouted = ({ url }: FastifyRequest) => refuseRoute(findMethods(url))
  const app = await createListener({
    ...options,
    surface: 'rest',
    bodyLimit: bodyLimits.text,
    refuseUnrouted,
  })
  registerBodyParser(app, bodyLimits)
  await registerProxy(app, requester)
  for (const method of new Set(operations.map((one) => one.method))) {
    const hasBody = operations.some((one) => one.method === method && one.body)
    const isKnown = app.supportedMethods.includes(method)
    // Fastify reads no body of GET and HEAD, which some APIs take there.
    if (!isKnown || (hasBody && !methodsWithBody.has(method)))
      app.addHttpMethod(method, { hasBody, overrideExisting: isKnown })
  }
  for (const operation of operations) app.route(createRoute(operation, options))
  // Encoded once: clients that do not read it share the bytes.
  const bytes = Buffer.from(JSON.stringify(describeDeployment(document, options)))
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(bytes))
  const hasRoot = operations.some(({ method, restPath }) => method === 'GET' && restPath === '/')
  if (options.page && !hasRoot) registerReference(app, { ...options.page, operations })
  return app
}

/** Creates the route of an operation. Its handler reads the variables from the URL itself. */
function createRoute(operation: CheckedOperation, options: RestOptions): RouteOptions {
  const { id, method, restPath } = operation
  const pipeline = createPipeline(operation, options)
  // Read when a client first asks for the operation: most of a large document nobody ever does.
  const readRequest = once(() => createRequestReader(operation))
  const writeCall = once(() => createCallWriter(operation, options.configured))
  // Returns nothing: given a promise or the reply, Fastify would watch the stream of the response.
  const handler = (request: FastifyRequest, reply: FastifyReply): void => {
    const { grant, trace, rawBody } = request
    const call = pipeline.run({
      grant,
      report: 'first',
      // The router takes a trailing slash for an empty last variable; no described path has one.
      bind: () => readRequest()(request) ?? refuseRoute([]),
      limit: request.countCall,
      async send(checked) {
        const connection = new HttpConnection(reply.raw, () => holdSlot(request))
        const written = writeCall()({ ...checked, connection, traceparent: trace?.traceparent })
        forward(reply, written, rawBody)
      },
    })
    call.catch((error: unknown) => reply.send(error))
  }
  return {
    method,
    url: writeRoute(restPath),
    config: { operationId: id, operation },
    // Runs after the hooks of the listener, before the body is read.
    onRequest: (request, _reply, done) => {
      pipeline.authorize(request.grant)
      refuseUnwantedBody(request)
      done()
    },
    handler,
  }
}

function refuseRoute(methods: readonly string[]): never {
  if (methods.length === 0) throw new GatewayError('route_not_found')
  throw new GatewayError('method_not_allowed', { headers: { allow: methods.join(', ') } })
}
