import { inlineReferences, type OpenApiDocument } from './document.ts'
import { readExtensions } from './extensions.ts'
import { asRecord, asText } from './json.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'
import { readMediaType } from './media-types.ts'
import { type Parameter, readParameters } from './parameters.ts'
import { readSuccess, type Success } from './responses.ts'
import { addCredentials, readSecurity, type Security } from './security.ts'
import { readTool, type Tool } from './tool.ts'

/** One operation of the document, with everything both surfaces need to serve it. */
export interface Operation {
  /** `operationId`: the name of the consumed operation in the capability. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Upstream path template, `/v2/teams/{teamId}/users`. */
  readonly path: string
  /** Exposed REST path template, `/v1/v2/teams/{teamid}/users`. */
  readonly restPath: string
  readonly summary: string
  readonly parameters: readonly Parameter[]
  /** The JSON request body, if the operation takes one. */
  readonly body?: { readonly required: boolean; readonly schema: JsonSchema }
  readonly success: Success
  /** What a call needs to be authenticated upstream. */
  readonly security: Security
  /** True when a call spends what it carries (`x-single-use`): two identical calls can only mean one. */
  readonly singleUse?: boolean
  /** True when a response that did not reach its client is kept for the next identical call (`x-redeliver`). */
  readonly redeliver?: boolean
  /** One sentence: how to get back what a call with an unknown outcome may have lost (`x-recovery`). */
  readonly recovery?: string
  /** What a caller must have been given for this operation (`x-scope`); one without it is for unlimited callers. */
  readonly scope?: string
  /** One sentence: where to get what is redacted from the response in MCP results (`x-redacted-notice`). */
  readonly redactedNotice?: string
  readonly tool?: Tool
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Reads every operation of the document, in its order. Throws a `TypeError` that names what is missing. */
export function readOperations(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const source = item[method.toLowerCase()]
      return source === undefined ? [] : [readOperation(document, method, path, source, item.parameters)]
    }),
  )
}

function readOperation(
  document: OpenApiDocument,
  method: Operation['method'],
  path: string,
  part: unknown,
  shared: unknown,
): Operation {
  const source = asRecord(inlineReferences(document, part))
  const { operationId, summary, parameters, requestBody, responses, security } = source
  const read = readExtensions('operation', source, `${method} ${path}`)
  const { 'x-rest-path': restPath, 'x-mcp-tool': tool, 'x-recovery': recovery, 'x-scope': scope } = read
  const { 'x-redacted-notice': redactedNotice } = read
  if (typeof operationId !== 'string' || restPath === undefined)
    throw new TypeError(`${method} ${path} has no operationId or no x-rest-path`)
  const body = readMediaType(requestBody)
  return {
    id: operationId,
    method,
    path,
    restPath,
    summary: asText(summary),
    ...addCredentials({
      parameters: readParameters(
        path,
        [parameters ?? []].flat(),
        [inlineReferences(document, shared) ?? []].flat(),
      ),
      security: readSecurity(document, security),
    }),
    ...(body && {
      body: { required: asRecord(requestBody).required === true, schema: toJsonSchema(body.schema) },
    }),
    success: readSuccess(method, path, responses),
    ...(read['x-single-use'] && { singleUse: true }),
    ...(read['x-redeliver'] && { redeliver: true }),
    ...(recovery !== undefined && { recovery }),
    ...(scope !== undefined && { scope }),
    ...(redactedNotice !== undefined && { redactedNotice }),
    ...(tool !== undefined && { tool: readTool(tool) }),
  }
}
