import { inlineReferences, type OpenApiDocument } from './document.ts'
import { asRecord } from './json.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'

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
    summary: readText(summary),
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

function readParameter(part: unknown): Parameter {
  const { name, in: place, required, description, schema } = asRecord(part)
  if (place !== 'path' && place !== 'query' && place !== 'header')
    throw new TypeError(`the parameter ${name} is in ${place}; path, query and header are known`)
  return {
    name: String(name),
    in: place,
    required: required === true,
    description: readText(description),
    schema: toJsonSchema(schema),
  }
}

/** A hint that is not there means what MCP takes it to mean: the tool may do anything. */
function readTool(part: unknown): Tool {
  const { name, title, description, annotations, arguments: names } = asRecord(part)
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = asRecord(annotations)
  return {
    name: readText(name),
    title: readText(title),
    description: readText(description),
    annotations: {
      readOnlyHint: readOnlyHint === true,
      destructiveHint: destructiveHint !== false,
      idempotentHint: idempotentHint === true,
      openWorldHint: openWorldHint !== false,
    },
    arguments: Object.fromEntries(
      Object.entries(asRecord(names)).map(([parameter, argument]) => [parameter, readText(argument)]),
    ),
  }
}

function readSuccess(method: string, path: string, responses: unknown): Operation['success'] {
  const [status, response] = Object.entries(asRecord(responses)).find(([code]) => /^2\d\d$/.test(code)) ?? []
  if (status === undefined) throw new TypeError(`${method} ${path} describes no successful answer`)
  return { status: Number(status), schema: toJsonSchema(readMediaType(response)?.schema) }
}

/** What a request body or a response is as JSON, if it can be JSON. */
function readMediaType(part: unknown): Readonly<Record<string, unknown>> | undefined {
  const mediaType = asRecord(asRecord(part).content)['application/json']
  return mediaType === undefined ? undefined : asRecord(mediaType)
}

function readText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/**
 * One alternative of `security` that is an HTTP bearer scheme, and nothing besides, is enough (OpenAPI 3.0.3,
 * Security Requirement).
 */
function acceptsBearer(document: OpenApiDocument, security: unknown): boolean {
  const schemes = asRecord(asRecord(document.components).securitySchemes)
  return [security ?? []].flat().some((alternative) => {
    const [name = '', ...others] = Object.keys(asRecord(alternative))
    return others.length === 0 && asRecord(schemes[name]).scheme === 'bearer'
  })
}
