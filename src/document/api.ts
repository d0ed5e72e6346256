import { type OpenApiDocument, resolveReference } from './document.ts'
import { readExtensions } from './extensions.ts'
import { asRecord, listMembers, readOwn } from './json.ts'
import type { JsonSchema } from './json-schema.ts'
import { type Operation, readOperations } from './operations.ts'
import { listOperations } from './responses.ts'
import { readSecuritySchemes, type SecurityScheme } from './security.ts'
import { flattenText } from './single-line.ts'

/** What the document says of an API as a whole. */
export interface Api {
  /** Name of the description, `pet-store`: environment variables begin with it. */
  readonly name: string
  /** Name of the API as a reader knows it. */
  readonly title: string
  /** URL that the operations' paths are appended to, without a slash at the end. */
  readonly baseUrl: string | undefined
  /** URLs of the operations that belong to other APIs. */
  readonly otherBaseUrls: readonly string[]
  /** The path segments that all paths begin with, such as `/v2`; empty where they have none in common. */
  readonly commonPath: string
  readonly schemes: readonly SecurityScheme[]
  /** The parameters that the operator can pin to one value, each once. */
  readonly pins: readonly PinnableParameter[]
  readonly responses: ResponseRules
}

/** A parameter that can be pinned. */
export interface PinnableParameter {
  readonly name: string
  readonly schema: JsonSchema
  /** Names of the security schemes whose credentials belong to the pinned value. */
  readonly credentials: readonly string[]
}

/** What the document says of all responses of an API. */
export interface ResponseRules {
  /** Names, in lower case, of the response headers that reach clients. */
  readonly headers: ReadonlySet<string>
  /** Header, in lower case, that says how many seconds to wait after a 429, where it is not `Retry-After`. */
  readonly retryAfterHeader: string | undefined
  /** Members of error responses that repeat the request. */
  readonly echoMembers: ReadonlySet<string>
  /** Members of error responses that repeat the request's URL: without its query they are safe. */
  readonly echoUrls: ReadonlySet<string>
}

/** Response headers that say nothing of the upstream's users and connections. */
const safeHeaders = ['content-type', 'retry-after', 'x-request-id']

/** Headers of one connection (RFC 9110 §7.6.1), of the body as it was framed, and of sessions: they never pass. */
const ownHeaders = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...[
    'proxy-authenticate',
    'proxy-authorization',
    'content-length',
    'content-encoding',
    'set-cookie',
    'set-cookie2',
  ],
])

/**
 * Reads what the document says of its API as a whole. The response headers that reach clients are the safe ones and
 * those that the document describes for any of its responses. An operation that cannot be read adds nothing.
 */
export function readApi(
  document: OpenApiDocument,
  operations: readonly Operation[] = readOperations(document, () => {}),
): Api {
  const read = readExtensions('document', document, 'the document')
  const retryAfterHeader = read['x-retry-after-header']?.toLowerCase()
  // The gateway decides itself which web pages may read its responses.
  const described = [...listResponseHeaders(document), retryAfterHeader ?? 'retry-after'].filter(
    (name) => isHeaderName(name) && !ownHeaders.has(name) && !name.startsWith('access-control-'),
  )
  const { members = [], urls = [] } = read['x-error-echoes'] ?? {}
  return {
    name: read['x-name'] ?? 'api',
    title: flattenText(read['x-title'] ?? String(asRecord(document.info).title ?? 'the API')),
    baseUrl: read['x-base-url'],
    otherBaseUrls: [...new Set(operations.flatMap(({ baseUrl }) => baseUrl ?? []))],
    commonPath: findCommonPath(Object.keys(document.paths)),
    schemes: readSecuritySchemes(document),
    pins: listPins(operations),
    responses: {
      headers: new Set([...safeHeaders, ...described]),
      retryAfterHeader,
      echoMembers: new Set(members),
      echoUrls: new Set(urls),
    },
  }
}

/** Returns whether a header can have a name (RFC 9110 §5.1); a document can describe any. */
function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name)
}

function findCommonPath(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(1))
  const end = first.findIndex(
    (one, index) => one.startsWith('{') || others.some((other) => other[index] !== one),
  )
  const common = first.slice(0, end < 0 ? first.length : end)
  return common.map((one) => `/${one}`).join('')
}

/** Operations that are pinned by one name have one value, to which the credentials of all belong. */
function listPins(operations: readonly Operation[]): PinnableParameter[] {
  const parameters = operations.flatMap((one) => one.parameters.filter(({ pin }) => pin))
  return [...Map.groupBy(parameters, ({ name }) => name)].flatMap(([name, all]) => {
    // Only the schema of one that can be pinned is read.
    const schema = all.at(-1)?.schema
    const credentials = new Set(all.flatMap(({ pin }) => pin?.credential ?? []))
    return schema ? [{ name, schema, credentials: [...credentials] }] : []
  })
}

/** Names the headers of responses, those that stand at the operations and those among the components. */
function listResponseHeaders(document: OpenApiDocument): string[] {
  const shared = readOwn(document.components, 'responses')
  const own = listOperations(document).map(({ part }) => readOwn(part, 'responses'))
  const responses = [...own, shared].flatMap((one) => listMembers(one).map(([, response]) => response))
  // Most operations refer to the same ones.
  const distinct = new Set(responses.map((one) => resolveReference(document, one)))
  return [...distinct].flatMap((response) =>
    listMembers(readOwn(response, 'headers')).map(([name]) => name.toLowerCase()),
  )
}
