import { inlineReferences, type OpenApiDocument } from './document.ts'
import { asRecord, asText } from './json.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'
import { readMediaType } from './media-types.ts'
import { type Parameter, readParameter } from './parameters.ts'
import { readSuccess, type Success } from './responses.ts'
import { acceptsBearer } from './security.ts'
import { readTool, type Tool } from './tool.ts'

/** One operation of the document, with everything both surfaces need to serve it. */
export interface Operation {
  /** `operationId`: the name of the consumed operation in the capability. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Upstream path template, `/v2/oauth-clients/{clientId}/users`. */
  readonly path: string
  /** Exposed REST path template, `/v1/v2/oauth-clients/{clientid}/users`. */
  readonly restPath: string
  readonly summary: string
  readonly parameters: readonly Parameter[]
  /** The JSON request body, if the operation takes one. */
  readonly body?: { readonly required: boolean; readonly schema: JsonSchema }
  readonly success: Success
  /** True when the document's `security` lets a bearer API key stand in for the client secret. */
  readonly acceptsApiKey: boolean
  /** True when a call spends what it carries (`x-single-use`): two identical calls can only mean one. */
  readonly singleUse?: boolean
  /** One sentence: how to get back what a call with an unknown outcome may have lost (`x-recovery`). */
  readonly recovery?: string
  /** What a caller must have been given for this operation (`x-scope`); one without it is for unlimited callers. */
  readonly scope?: string
  /** One sentence: how to get the secrets of the answer elsewhere, where they are kept from a model (`x-withheld`). */
  readonly withheldNotice?: string
  readonly tool?: Tool
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Reads every operation of the document, in its order. Throws a `TypeError` that names what is missing. */
export function readOperations(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const source = item[method.toLowerCase()]
      return source === undefined ? [] : [readOperation(document, method, path, source)]
    }),
  )
}

function readOperation(
  document: OpenApiDocument,
  method: Operation['method'],
  path: string,
  part: unknown,
): Operation {
  const source = asRecord(inlineReferences(document, part))
  const { operationId, summary, parameters, requestBody, responses, security } = source
  const { 'x-rest-path': restPath, 'x-mcp-tool': tool, 'x-recovery': recovery } = source
  const { 'x-scope': scope, 'x-withheld': withheldNotice } = source
  if (typeof operationId !== 'string' || typeof restPath !== 'string')
    throw new TypeError(`${method} ${path} has no operationId or no x-rest-path`)
  const body = readMediaType(requestBody)
  return {
    id: operationId,
    method,
    path,
    restPath,
    summary: asText(summary),
    parameters: [parameters ?? []].flat().map(readParameter),
    ...(body && {
      body: { required: asRecord(requestBody).required === true, schema: toJsonSchema(body.schema) },
    }),
    success: readSuccess(method, path, responses),
    acceptsApiKey: acceptsBearer(document, security ?? document.security),
    ...(source['x-single-use'] === true && { singleUse: true }),
    ...(typeof recovery === 'string' && { recovery }),
    ...(typeof scope === 'string' && { scope }),
    ...(typeof withheldNotice === 'string' && { withheldNotice }),
    ...(tool !== undefined && { tool: readTool(tool) }),
  }
}
