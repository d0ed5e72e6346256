import { Agent, createServer, type IncomingHttpHeaders, request as requestHttp } from 'node:http'
import { nameSchemeVariables } from '../src/config/api-variables.ts'
import { readConfig } from '../src/config/config.ts'
import { readApi } from '../src/document/api.ts'
import type { OpenApiDocument } from '../src/document/document.ts'
import { createServers } from '../src/gateway.ts'
import type { GatewayServers } from '../src/http/gateway.ts'
import { createLogger } from '../src/observability/logger.ts'
import { listenOnLoopback } from '../test/support/loopback.ts'
import { makeCall, NoCall, type OracleCall, splitPath, toRestTarget, toSecret } from './oracle/call.ts'
import { type ArrivedRequest, findDifference, parse } from './oracle/comparison.ts'
import { type OracleOperation, type OracleScheme, readOracleOperations } from './oracle/operations.ts'
import { Random } from './oracle/random.ts'
import { asPart, type Part } from './oracle/schema.ts'

/** What calls of one document came to. */
export interface CallReport {
  /** Operations that were called on both servers. */
  readonly called: number
  /** Calls that did not arrive as they are meant. */
  readonly wrong: readonly WrongCall[]
  /** Why operations were not called, each with its reason. */
  readonly uncalled: readonly string[]
}

/** A call that did not arrive as it is meant. */
export interface WrongCall {
  readonly operation: string
  readonly server: 'REST' | 'MCP'
  /** What it has in common with others. */
  readonly reason: string
  readonly detail: string
}

/** A server in the place of the API that keeps the last request. */
export class Recorder {
  readonly #server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = await incoming.toArray()
    const { method = '', url: target = '', headers } = incoming
    this.#last = { method, target, headers, body: Buffer.concat(chunks) }
    response.setHeader('content-type', 'application/json').end('{"ok":true}')
  })
  #last: ArrivedRequest | undefined

  /** Starts it; gives its origin. */
  start(): Promise<string> {
    // A gateway that is busy with a large document would take a connection as it is closed.
    this.#server.keepAliveTimeout = 0
    return listenOnLoopback(this.#server)
  }

  /** Takes the request that arrived last. */
  take(): ArrivedRequest | undefined {
    const last = this.#last
    this.#last = undefined
    return last
  }
}

/** Where an operation is found on both servers. */
interface Served {
  readonly restPath: string | undefined
  readonly tool: Part | undefined
}

/** Where calls arrive, and how many operations of a document are called at most. */
export interface CallOptions {
  readonly recorder: Recorder
  readonly origin: string
  readonly most: number
}

/**
 * Calls some operations of a document on both servers of a gateway that serves it, evenly spread, and compares what
 * arrives with what the oracle reads in the document. The gateway reads the addresses of the API in the document, too.
 */
export async function measureCalls(
  name: string,
  text: string,
  document: OpenApiDocument,
  { recorder, origin, most }: CallOptions,
): Promise<CallReport> {
  const written = asPart(JSON.parse(text))
  const served = findServed(document)
  // Of two operations of one shape the first is served.
  const first = new Map(
    readOracleOperations(written)
      .toReversed()
      .map((one) => [identify(one), one]),
  )
  const operations = [...first.values()].toReversed().filter((one) => served.has(identify(one)))
  const step = Math.max(1, operations.length / most)
  const sample = Array.from(
    { length: Math.min(most, operations.length) },
    (_, index) => operations[Math.floor(index * step)],
  )
  const uncalled: string[] = []
  const calls = sample.flatMap((operation) => {
    if (!operation) return []
    try {
      return [makeCall(operation, new Random(`${name} ${operation.method} ${operation.path}`))]
    } catch (error) {
      if (!(error instanceof NoCall)) throw error
      uncalled.push(error.message)
      return []
    }
  })
  if (calls.length === 0) return { called: 0, wrong: [], uncalled }
  const schemes = calls.flatMap(({ operation }) => operation.security.flat())
  // Clients bring the credentials of every other document, as far as they can: those of MCP stand in headers.
  const brings = new Random(name).isTrue() && schemes.every((one) => one.in === 'header')
  const { gateway, urls } = await serve(document, schemes, origin, brings)
  const wrong: WrongCall[] = []
  for (const call of calls) {
    const place = served.get(identify(call.operation))
    const operation = `${call.operation.method} ${call.operation.path}`
    if (place?.restPath !== undefined) {
      const refusal = await callRest(urls.rest, place.restPath, call, brings)
      const reason = await explain(call, recorder.take(), refusal, true)
      if (reason) wrong.push({ operation, server: 'REST', ...reason })
    }
    if (place?.tool) {
      const refusal = await callMcp(urls.mcp, place.tool, call, brings)
      const reason = await explain(call, recorder.take(), refusal, false)
      if (reason) wrong.push({ operation, server: 'MCP', ...reason })
    }
  }
  await gateway.close()
  return { called: calls.length, wrong, uncalled }
}

async function serve(
  document: OpenApiDocument,
  schemes: readonly OracleScheme[],
  origin: string,
  brings: boolean,
): Promise<{
  readonly gateway: GatewayServers
  readonly urls: { readonly rest: string; readonly mcp: string }
}> {
  const redirected = redirect(document, origin)
  const api = readApi(redirected)
  const secrets = new Map(schemes.map((scheme) => [scheme.name, toSecret(scheme)]))
  const variables = api.schemes.flatMap((scheme) => {
    const secret = secrets.get(scheme.name)
    const [variable = ''] = nameSchemeVariables(api, scheme)
    return secret === undefined || brings ? [] : [[variable, secret]]
  })
  const fixed = { MCP_DELETE_LIMIT: 'off', MCP_TOKENS: 'reveal', DRIFT_SAMPLE: 'off' }
  const config = readConfig({ ...fixed, ...Object.fromEntries(variables) }, { ...api, commonPath: '' })
  const logger = createLogger('silent', { write() {} })
  const gateway = await createServers({
    config,
    document: redirected,
    version: '0',
    logger,
    watchProcess: false,
  })
  const listen = { host: '127.0.0.1', port: 0 }
  return { gateway, urls: { rest: await gateway.rest.listen(listen), mcp: await gateway.mcp.listen(listen) } }
}

/** Leads a document to the recorder: paths of its addresses stay. */
function redirect(document: OpenApiDocument, origin: string): OpenApiDocument {
  const move = (url: unknown) =>
    typeof url === 'string' ? origin + new URL(`${url}/`).pathname.replace(/\/$/, '') : origin
  const paths = Object.entries(document.paths).map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([method, part]) => {
        const operation = asPart(part)
        const own = operation['x-base-url']
        return [method, own === undefined ? part : { ...operation, 'x-base-url': move(own) }]
      }),
    ),
  ])
  return { ...document, 'x-base-url': move(document['x-base-url']), paths: Object.fromEntries(paths) }
}

/** Finds where the operations of a document stand on both servers, as the document that the gateway shows says it. */
function findServed(document: OpenApiDocument): Map<string, Served> {
  return new Map(
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, part]): [string, Served] => {
        const { 'x-rest-path': restPath, 'x-mcp-tool': tool } = asPart(part)
        return [
          identify({ method: method.toUpperCase(), path }),
          {
            restPath: restPath === false ? undefined : String(restPath ?? splitPath(path).path),
            tool: tool ? asPart(tool) : undefined,
          },
        ]
      }),
    ),
  )
}

/** Returns method and path, without the names of variables and however its characters are encoded. */
function identify({ method, path }: Pick<OracleOperation, 'method' | 'path'>): string {
  const shape = path.replaceAll(/=\{[^}]*\}/g, '=').replaceAll(/\{[^}]*\}/g, '{}')
  try {
    return `${method} ${decodeURI(shape)}`
  } catch {
    return `${method} ${shape}`
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

interface Reply {
  readonly status: number
  readonly text: string
}

function send(url: string, method: string, target: string, headers: object, body?: Buffer): Promise<Reply> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const request = requestHttp(
      { hostname, port, method, path: target, headers: { ...headers }, agent },
      async (response) => {
        const chunks: Buffer[] = await response.toArray()
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

async function callRest(
  url: string,
  restPath: string,
  call: OracleCall,
  brings: boolean,
): Promise<string | undefined> {
  const { expected, body, credentials } = call
  const held = new Set(brings ? [] : credentials.map(({ scheme }) => scheme.key.toLowerCase()))
  const heldCookies = new Set(brings ? [] : credentials.map(({ scheme, text }) => `${scheme.key}=${text}`))
  const cookies = expected.cookies.filter((pair) => !heldCookies.has(pair))
  const headers: IncomingHttpHeaders = {
    ...Object.fromEntries(Object.entries(expected.headers).filter(([name]) => !held.has(name))),
    ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
    ...(body && { 'content-type': body.contentType, 'content-length': String(body.bytes.length) }),
  }
  const target = toRestTarget(call, restPath, brings)
  try {
    const { status, text } = await send(url, expected.method, target, headers, body?.bytes)
    if (status < 300) return undefined
    return describeRefusal(status, parse(text), target)
  } catch (error) {
    return `no response: ${asPart(error).code ?? error}`
  }
}

async function callMcp(
  url: string,
  tool: Part,
  call: OracleCall,
  brings: boolean,
): Promise<string | undefined> {
  const names = asPart(tool.arguments)
  const values: Record<string, unknown> = {}
  for (const { parameter, value } of call.values) {
    const key = Object.hasOwn(names, `${parameter.in}.${parameter.name}`)
      ? `${parameter.in}.${parameter.name}`
      : parameter.name
    const argument = names[key]
    if (typeof argument !== 'string') return `no argument for a ${parameter.in} parameter (${parameter.name})`
    values[argument] = value
  }
  if (call.body) {
    if (typeof names.body !== 'string') return 'no argument for the body'
    values[names.body] = call.body.value
  }
  const own = brings ? call.credentials.map(({ scheme, text }) => [scheme.key.toLowerCase(), text]) : []
  const headers = {
    ...Object.fromEntries(own),
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: tool.name, arguments: values },
  }
  const { status, text } = await send(url, 'POST', '/mcp', headers, Buffer.from(JSON.stringify(message)))
  const result = asPart(asPart(parse(text)).result)
  if (status < 300 && result.isError !== true && result.content !== undefined) return undefined
  const { error } = asPart(result.structuredContent)
  return describeRefusal(status, error ?? parse(text), JSON.stringify(values))
}

/** Describes what a refusal says, and of which rule; the values that were sent stand after a bar. */
function describeRefusal(status: number, problem: unknown, sent: string): string {
  const { code, violations, errors } = asPart(problem)
  const [first] = [violations ?? errors ?? []].flat().map(asPart)
  const what = [status, code, first?.rule].filter((one) => one !== undefined).join(' ')
  return `refused: ${what} | ${JSON.stringify(first ?? problem)?.slice(0, 300)} | ${sent.slice(0, 300)}`
}

async function explain(
  { expected }: OracleCall,
  arrived: ArrivedRequest | undefined,
  refusal: string | undefined,
  isVerbatim: boolean,
): Promise<Pick<WrongCall, 'reason' | 'detail'> | undefined> {
  if (!arrived) {
    const [reason = 'nothing arrived', ...details] = (refusal ?? 'nothing arrived').split(' | ')
    return { reason: reason.replace(/ \(.*$/, ''), detail: [reason, ...details].join(' | ') }
  }
  const difference = await findDifference(expected, arrived, isVerbatim)
  if (!difference) return undefined
  const { part, ...both } = difference
  return { reason: `${part} differs`, detail: JSON.stringify(both).slice(0, 600) }
}
