import { type OpenApiDocument, resolveReference } from './document.ts'
import { readExtensions } from './extensions.ts'
import { asList, asRecord, asText } from './json.ts'
import { type RequestBody, readRequestBody } from './media-types.ts'
import { onceFor } from './once.ts'
import { isFramingHeader, type Parameter, readParameters } from './parameters.ts'
import { splitPathKey } from './path-template.ts'
import {
  type DescribedResponse,
  findSuccess,
  listOperations,
  type OperationPart,
  readResponses,
  type Success,
} from './responses.ts'
import { createSchemaReader, type SchemaReader } from './schema-reader.ts'
import { addCredentials, createSecurityReader, type Security } from './security.ts'
import { readTool, type Tool } from './tool.ts'

/** One operation of the document, with everything both servers need to serve it. */
export interface Operation {
  /** `operationId`: the name of the consumed operation in the capability. */
  readonly id: string
  readonly method: Method
  /** Key of `paths`: the upstream path template, `/v2/teams/{teamId}/users`. */
  readonly path: string
  /** Exposed REST path template, `/v1/v2/teams/{teamid}/users`. */
  readonly restPath: string
  /** True where the REST server does not serve it (`x-rest-path: false`). */
  readonly isOffRest?: boolean
  /** URL of the API that the path is appended to, where it is not that of the whole document (`x-base-url`). */
  readonly baseUrl?: string
  readonly summary: string
  /** Names of its groups (`tags`). */
  readonly tags?: readonly string[]
  readonly parameters: readonly Parameter[]
  /** Headers that every request has, by lower-case names (`x-constant-headers`). */
  readonly constantHeaders?: Readonly<Record<string, string>>
  /** The request body, if the operation takes one. */
  readonly body?: RequestBody
  readonly responses: readonly DescribedResponse[]
  readonly success: Success
  /** What a call needs to be authenticated upstream. */
  readonly security: Security
  /** True when a call spends what it carries (`x-single-use`): two identical calls can only mean one. */
  readonly singleUse?: boolean
  /**
   * Present when a response that did not reach its client is kept for the next identical call (`x-redeliver`): the ids
   * of the operations whose later calls end that, where they have the same values of the path variables that both have.
   */
  readonly redeliver?: readonly string[]
  /** One sentence: how to get back what a call with an unknown outcome may have lost (`x-recovery`). */
  readonly recovery?: string
  /** What a client must have been given for this operation (`x-scope`); one without it is for unlimited clients. */
  readonly scope?: string
  /** One sentence: where to get what is redacted from the response in MCP results (`x-redacted-notice`). */
  readonly redactedNotice?: string
  readonly tool?: Tool
}

/** A method of HTTP, in capitals; the document may have more than RFC 9110 names. */
export type Method = string

/** Called with the method and path of an operation that cannot be served. */
export type OperationReport = (operation: string, reason: string) => void

/**
 * Reads every operation of the document, in its order. An operation that cannot be read is reported and left out; where
 * nobody is told, a `TypeError` says what is wrong.
 */
export function readOperations(document: OpenApiDocument, report: OperationReport = refuse): Operation[] {
  return readAll(document).flatMap((read) => {
    if (!('reason' in read)) return [read]
    report(read.name, read.reason)
    return []
  })
}

/** Both the configuration and the servers ask for the operations of a document, of which there can be thousands. */
const readAll = onceFor((document: OpenApiDocument) => {
  const readers = {
    request: createSchemaReader(document, 'request'),
    response: createSchemaReader(document, 'response'),
    security: createSecurityReader(document),
  }
  return listOperations(document).map((one) => {
    try {
      return readOperation(document, one, readers)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return { name: `${one.method} ${one.path}`, reason: error.message }
    }
  })
})

function refuse(_operation: string, reason: string): never {
  throw new TypeError(reason)
}

/** What reads the parts of a document that operations share. */
interface Readers {
  readonly request: SchemaReader
  readonly response: SchemaReader
  readonly security: (security: unknown) => Security
}

function readOperation(
  document: OpenApiDocument,
  { method, path, part, shared }: OperationPart,
  readers: Readers,
): Operation {
  const source = asRecord(part)
  const { operationId, summary, tags, parameters, requestBody, security } = source
  const read = readExtensions('operation', source, `${method} ${path}`)
  const { 'x-rest-path': restPath, 'x-mcp-tool': tool, 'x-recovery': recovery, 'x-scope': scope } = read
  const { 'x-redacted-notice': redactedNotice, 'x-constant-headers': constantHeaders } = read
  if (typeof operationId !== 'string') throw new TypeError(`${method} ${path} has no operationId`)
  const follow = (one: unknown) => {
    const found = resolveReference(document, one)
    if (found === undefined && one !== undefined)
      throw new TypeError(`the reference ${asRecord(one).$ref} leads nowhere`)
    return found
  }
  const list = (value: unknown) => asList(value).map(follow)
  const body = readRequestBody(follow(requestBody), readers.request)
  const responses = readResponses(document, source.responses, readers.response)
  return {
    id: operationId,
    method,
    path,
    restPath: restPath || splitPathKey(path).path,
    ...(restPath === false && { isOffRest: true }),
    ...(read['x-base-url'] !== undefined && { baseUrl: read['x-base-url'] }),
    summary: asText(summary),
    ...(tags !== undefined && { tags: [tags].flat().map(String) }),
    ...addCredentials({
      parameters: readParameters(path, list(parameters), list(shared), readers.request),
      security: readers.security(security),
    }),
    ...(constantHeaders && { constantHeaders: readConstantHeaders(constantHeaders) }),
    ...(body && { body }),
    responses,
    success: findSuccess(responses),
    ...(read['x-single-use'] && { singleUse: true }),
    ...(read['x-redeliver'] && { redeliver: read['x-redeliver'] }),
    ...(recovery !== undefined && { recovery }),
    ...(scope !== undefined && { scope }),
    ...(redactedNotice !== undefined && { redactedNotice }),
    ...(tool && { tool: readTool(tool, method, source.deprecated === true) }),
  }
}

/** The gateway writes the headers of the message itself, and the type of its body. */
function readConstantHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(headers).filter(
    ([name]) => !isFramingHeader({ name, in: 'header' }) && !/^content-type$/i.test(name),
  )
  return Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), value]))
}
