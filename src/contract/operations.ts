import { inlineReferences, type OpenApiDocument } from './document.ts'
import { type JsonSchema, toJsonSchema } from './schema.ts'

/** A path, query or header parameter of an operation. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description: string
  /** What the value must satisfy once read from its text (`style: form, explode: false` arrays already split). */
  readonly schema: JsonSchema
}

/** The MCP side of an operation, from `x-mcp-tool` in the document. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  /** The capability's hints and `openWorld`, under their MCP annotation names. */
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint: boolean
    readonly idempotentHint: boolean
    readonly openWorldHint: boolean
  }
  /** Operation parameter name (or `body`) → tool argument name, in the capability's order. */
  readonly arguments: Readonly<Record<string, string>>
}

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
  /** The successful answer: its status and the schema of its JSON body. */
  readonly success: { readonly status: number; readonly schema: JsonSchema }
  /** True when the document's `security` lets a bearer API key stand in for the client secret. */
  readonly acceptsApiKey: boolean
  /** True when a call spends what it carries (`x-single-use`): two identical calls can only mean one. */
  readonly singleUse?: boolean
  /** One sentence: how to get back what a call with an unknown outcome may have lost (`x-recovery`). */
  readonly recovery?: string
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
  const source = Object(inlineReferences(document, part))
  const body = source.requestBody?.content?.['application/json']
  const tool = source['x-mcp-tool']
  const recovery = source['x-recovery']
  return {
    id: String(source.operationId),
    method,
    path,
    restPath: String(source['x-rest-path']),
    summary: String(source.summary ?? ''),
    parameters: [source.parameters ?? []].flat().map(readParameter),
    ...(body && {
      body: { required: source.requestBody.required === true, schema: toJsonSchema(body.schema) },
    }),
    success: readSuccess(method, path, source.responses),
    acceptsApiKey: acceptsBearer(document, source.security ?? document.security),
    ...(source['x-single-use'] === true && { singleUse: true }),
    ...(recovery && { recovery }),
    ...(tool && { tool }),
  }
}

function readParameter(source: { readonly [member: string]: unknown }): Parameter {
  const { name, in: place, required, description, schema } = source
  if (place !== 'path' && place !== 'query' && place !== 'header')
    throw new TypeError(`the parameter ${name} is in ${place}; path, query and header are known`)
  const text = typeof description === 'string' ? description : ''
  return {
    name: String(name),
    in: place,
    required: required === true,
    description: text,
    schema: toJsonSchema(schema),
  }
}

function readSuccess(method: string, path: string, responses: unknown): Operation['success'] {
  const [status, response] = Object.entries(Object(responses)).find(([code]) => /^2\d\d$/.test(code)) ?? []
  if (status === undefined) throw new TypeError(`${method} ${path} describes no successful answer`)
  return {
    status: Number(status),
    schema: toJsonSchema(Object(response).content?.['application/json']?.schema),
  }
}

/** One alternative of `security` that is an HTTP bearer scheme is enough (OpenAPI 3.0.3, Security Requirement). */
function acceptsBearer(document: OpenApiDocument, security: unknown): boolean {
  const { securitySchemes } = Object(document.components)
  return [security ?? []]
    .flat()
    .some((one) =>
      Object.keys(Object(one)).some((name) => Object(securitySchemes)[name]?.scheme === 'bearer'),
    )
}
