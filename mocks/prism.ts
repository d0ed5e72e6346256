import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFile } from 'node:fs/promises'
import type { Server, ServerResponse } from 'node:http'
import { createLogger } from '@stoplight/prism-core'
import { getHttpOperationsFromSpec } from '@stoplight/prism-http'
import { createServer } from '@stoplight/prism-http-server'
import { asRecord, isObject } from '../src/document/json.ts'
import { keepLocalReferences } from '../src/document/local-references.ts'
import { mockHeader } from './choice.ts'

/** Prism in Cal.com's place; disposing of it closes its port and every connection to it. */
export interface PrismMock extends AsyncDisposable {
  /** Where it listens, without a trailing slash; the document's server prefix is not part of its paths. */
  readonly url: string
}

/** The document Prism responds by, and where it listens. */
export interface PrismOptions {
  /** An OpenAPI document or its file; by default the derived one of this repository. */
  readonly document?: URL | object
  /** By default any free port. */
  readonly port?: number
  /** Whether a gateway in front has checked what the mock gets: it takes more than Prism can read. */
  readonly isBehindGateway?: boolean
}

const shipped = new URL('../openapi/openapi.json', import.meta.url)

/**
 * Starts Prism: a described call returns the document's example, an undescribed or wrong one with
 * a 4xx. A `Prefer` header chooses another response: `code=404, example=user_not_found`. Throws a `TypeError` when
 * the document describes no operation, and with `code` `EADDRINUSE` when the port is taken.
 *
 * Prism runs as a library: its command adds a second process, a log in colours and 30 packages.
 */
export async function startPrism(options: PrismOptions = {}): Promise<PrismMock> {
  const { document = shipped, port = 0, isBehindGateway = false } = options
  const described = document instanceof URL ? JSON.parse(await readFile(document, 'utf8')) : document
  const operations = await readOperations(keepLocalReferences(described))
  if (operations.length === 0) throw new TypeError('the OpenAPI document describes no operation')
  for (const { request } of operations) takeAnyText([...(request?.headers ?? []), ...(request?.path ?? [])])
  const server = createServer(operations, {
    cors: false,
    config: {
      isProxy: false,
      upstreamProxy: undefined,
      validateRequest: !isBehindGateway,
      validateResponse: true,
      checkSecurity: true,
      errors: false,
      mock: { dynamic: false },
    },
    components: { logger: createLogger('prism', { level: 'silent' }) },
  })
  const url = await server.listen(port, '127.0.0.1').catch((reason) => {
    const code = /EADDRINUSE|EACCES|EADDRNOTAVAIL/.exec(String(reason))?.[0]
    throw Object.assign(new Error(String(reason)), { code })
  })
  const mark = (message: unknown) => markResponse(message, Number(new URL(url).port))
  subscribe('http.server.request.start', mark)
  const close = async () => {
    unsubscribe('http.server.request.start', mark)
    await server.close()
  }
  return { url, [Symbol.asyncDispose]: close }
}

/** Leaves the lists and objects of headers and paths unread: Prism ends the process at some of them. */
function takeAnyText(parameters: readonly { schema?: unknown }[]): void {
  for (const parameter of parameters)
    if (['array', 'object'].includes(String(asRecord(parameter.schema).type))) delete parameter.schema
}

type Operations = Awaited<ReturnType<typeof getHttpOperationsFromSpec>>

/**
 * Reads the operations of a document. Prism's own reader puts what a reference leads to in the place of the reference,
 * which takes minutes where hundreds of schemas refer to each other. So references to schemas are kept from it, and
 * lead into `__bundled__` from then on, where Prism looks for schemas that refer to themselves. Schemas of OpenAPI 3.0
 * are its reader's to translate.
 */
async function readOperations(document: object): Promise<Operations> {
  const { components, ...rest } = asRecord(document)
  if (!String(rest.openapi).startsWith('3.1')) return getHttpOperationsFromSpec(document)
  const { schemas, ...others } = asRecord(components)
  const hidden = renameReferences({ ...rest, components: others }, '$ref', 'x-ref', (target) => target)
  const operations = await getHttpOperationsFromSpec(asRecord(hidden))
  const toBundled = (target: string) => target.replace(place, '#/__bundled__/')
  const bundle = asRecord(renameReferences(schemas, '$ref', '$ref', toBundled))
  for (const operation of operations) {
    const { __bundled__: own } = asRecord(operation)
    const restored = asRecord(renameReferences(operation, 'x-ref', '$ref', toBundled))
    Object.assign(operation, restored, { __bundled__: { ...asRecord(own), ...bundle } })
  }
  return operations
}

const place = '#/components/schemas/'

/** Renames the member that refers to a schema, in everything that a part has. */
function renameReferences(part: unknown, from: string, to: string, map: (target: string) => string): unknown {
  if (Array.isArray(part)) return part.map((one) => renameReferences(one, from, to, map))
  if (!isObject(part)) return part
  return Object.fromEntries(
    Object.entries(part).map(([name, one]) =>
      name === from && typeof one === 'string' && one.startsWith(place)
        ? [to, map(one)]
        : [name, renameReferences(one, from, to, map)],
    ),
  )
}

/** What Node publishes on `http.server.request.start`. */
interface RequestStart {
  readonly server: Server
  readonly response: ServerResponse
}

/** Prism gives no way to add a header to every response, so it is set before Prism sees the request. */
function markResponse(message: unknown, port: number): void {
  const { server, response } = message as RequestStart
  const address = server.address()
  if (typeof address === 'object' && address?.port === port) response.setHeader(mockHeader, 'prism')
}
