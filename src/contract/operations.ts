/** A JSON Schema (2020-12) or a fragment of one, with every `$ref` inlined. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

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
  readonly tool?: Tool
}
