import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Policy } from '../access/authorization.ts'
import type { OpenApiDocument } from '../document/document.ts'
import { once } from '../document/once.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { createListener, type ListenerOptions } from '../http/listener.ts'
import type { StreamLimit } from '../upstream/body-stream.ts'
import type { ConfiguredCredentials } from '../upstream/credentials.ts'
import { registerProxy } from '../upstream/proxy.ts'
import type { Requester } from '../upstream/requester.ts'
import { type BodyLimits, isForm, leaveBodies, registerBodyParser } from './body.ts'
import { createOperationRoute } from './operation-route.ts'
import { registerReference } from './reference.ts'
import { createMethodFinder } from './routes.ts'
import { describeDeployment } from './served-document.ts'

/** What the REST server is made of. */
export interface RestOptions
  extends Omit<ListenerOptions, 'bodyLimit' | 'findBodyLimit' | 'surface' | 'methods'> {
  readonly document: OpenApiDocument
  readonly operations: readonly CheckedOperation[]
  readonly requester: Requester
  readonly configured: ConfiguredCredentials
  readonly policy: Policy
  readonly bodyLimits: BodyLimits
  /** Limits the bodies that stream upstream. */
  readonly uploads: StreamLimit
  /** Whether clients need a credential of the gateway's own. */
  readonly isGuarded: boolean
  /** Names, in lower case, of the headers that the gateway, or the app around it, reads for itself. */
  readonly reserved: readonly string[]
  /** Present where browsers get a reference of the API. */
  readonly page?: { readonly title: string } | undefined
}

/** Builds the REST server: the operations at their exposed paths, and the document itself. */
export async function createRestServer(options: RestOptions): Promise<FastifyInstance> {
  const { document, requester, bodyLimits } = options
  const operations = options.operations.filter(({ isOffRest }) => !isOffRest)
  const methods = [...new Set(operations.map((one) => one.method))]
  const findMethods = createMethodFinder(operations)
  const refuseUnrouted = ({ url }: FastifyRequest) => refuseRoute(findMethods(url))
  const app = await createListener({
    ...options,
    surface: 'rest',
    bodyLimit: bodyLimits.text,
    findBodyLimit: (request) => (isForm(request) ? bodyLimits.file : bodyLimits.text),
    refuseUnrouted,
    methods,
  })
  registerBodyParser(app, bodyLimits, options.uploads)
  await registerProxy(app, requester)
  for (const method of methods) {
    const hasBody = operations.some((one) => one.method === method && one.body)
    // Fastify reads no body of GET and HEAD, which some APIs take there.
    if (hasBody || !app.supportedMethods.includes(method))
      app.addHttpMethod(method, { hasBody, overrideExisting: true })
  }
  await app.register(async (bare) => {
    leaveBodies(bare)
    for (const operation of operations)
      (operation.body ? app : bare).route(createOperationRoute(operation, options))
  })
  // Encoded for the first client that asks: clients that do not read it share the bytes.
  const encode = once(() => Buffer.from(JSON.stringify(describeDeployment(document, options))))
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(encode()))
  if (options.page) registerReference(app, { ...options.page, operations })
  return app
}

function refuseRoute(methods: readonly string[]): never {
  if (methods.length === 0) throw new GatewayError('route_not_found')
  throw new GatewayError('method_not_allowed', { headers: { allow: methods.join(', ') } })
}
