import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import openapiGlue from 'fastify-openapi-glue'
import { findRefusal, type Policy } from '../access/policy.ts'
import type { OpenApiDocument } from '../document/document.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { createListener, type ListenerOptions } from '../http/listener.ts'
import { readTraceparent } from '../observability/trace-context.ts'
import {
  checkClient,
  type HeldCredentials,
  hasCredentials,
  refuseWithoutCredentials,
} from '../upstream/credentials.ts'
import { forward, registerProxy } from '../upstream/proxy.ts'
import type { Requester } from '../upstream/requester.ts'
import { refuseUnwantedBody, registerBodyParser } from './body.ts'
import { createRequestReader } from './input.ts'
import { createMethodFinder, describeRoutes } from './routes.ts'
import { describeDeployment } from './served-document.ts'

/** Bytes of a request body. */
const bodyLimit = 102_400

/** What the REST door is made of. */
export interface RestOptions extends Omit<ListenerOptions, 'bodyLimit' | 'surface'> {
  readonly document: OpenApiDocument
  readonly operations: readonly CheckedOperation[]
  readonly requester: Requester
  readonly held: HeldCredentials
  readonly policy: Policy
  /** Whether callers need a credential of the gateway's own. */
  readonly isGuarded: boolean
}

/** Builds the REST door: the document's operations below its server URL, and the document itself. */
export async function createRestServer(options: RestOptions): Promise<FastifyInstance> {
  const { document, operations, requester } = options
  const app = createListener({ ...options, surface: 'rest', bodyLimit })
  const findMethods = createMethodFinder(operations)
  const refusable = new Map(operations.map((operation) => [operation.id, operation]))
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) refuseRoute(findMethods(request.url))
    const operation = refusable.get(request.route.config.operationId ?? '')
    const refusal = operation && findRefusal(operation, options.policy, request.grant)
    if (refusal) throw refusal
    refuseUnwantedBody(request)
    done()
  })
  registerBodyParser(app)
  await registerProxy(app, requester)
  const handlers = new Map(
    operations.map((operation) => [operation.id, createHandler(operation, options.held)]),
  )
  await app.register(openapiGlue, {
    specification: describeRoutes(document, operations),
    prefix: '/v1',
    operationResolver: (id) => handlers.get(id) ?? refuseOperation(id),
  })
  const text = JSON.stringify(describeDeployment(document, options))
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(text))
  return app
}

function createHandler(operation: CheckedOperation, held: HeldCredentials) {
  const readRequest = createRequestReader(operation)
  // Returns nothing: whoever returns the reply makes Fastify wait for its end, at the price of a stream's watch.
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const read = readRequest(request)
    // The router takes a trailing slash for an empty last variable; no described path has one.
    if (!read) refuseRoute([])
    const { input, violations: unreadable } = read
    if (!hasCredentials(operation, input, held)) throw refuseWithoutCredentials(operation)
    const violations = [...unreadable, ...operation.validate(input)]
    if (violations.length > 0) {
      const detail = violations.map(({ location, message }) => `${location} ${message}`).join('; ')
      throw new GatewayError('invalid_argument', { detail, violations })
    }
    checkClient(operation, input, held)
    const { rawBody, grant, headers } = request
    const traceparent = readTraceparent(headers.traceparent)?.traceparent
    forward(reply, { operation, input, rawBody, held, principal: grant.caller, traceparent })
  }
}

function refuseRoute(methods: readonly string[]): never {
  if (methods.length === 0) throw new GatewayError('route_not_found')
  throw new GatewayError('method_not_allowed', { headers: { allow: methods.join(', ') } })
}

function refuseOperation(id: string): never {
  throw new TypeError(`the document routes an operation that was not read from it: ${id}`)
}
