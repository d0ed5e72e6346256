type Bindings = Readonly<Record<string, string>>

/** The type of a value, as JSON Schema names it. */
export type ValueType = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object'

/** An input parameter of a consumed operation. */
export interface InputParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie' | 'body'
  readonly type?: ValueType
  readonly description?: string
  readonly required?: boolean
  readonly pattern?: string
  /** What is always sent, perhaps from a variable: `{{REGION}}`. */
  readonly value?: string
}

/** An operation of the upstream. */
export interface ConsumedOperation {
  readonly name: string
  readonly method: string
  readonly description?: string
  readonly inputParameters?: readonly InputParameter[]
}

/** A path of the upstream with its operations. */
export interface ConsumedResource {
  readonly path: string
  readonly inputParameters?: readonly InputParameter[]
  readonly operations: readonly ConsumedOperation[]
}

/** How a consumed API is called by whom it knows; the values are texts with variables, `{{env.TOKEN}}`. */
export interface Authentication {
  readonly type: string
  readonly token?: string
  readonly username?: string
  readonly password?: string
  /** Name of the header or query parameter of an `apikey`. */
  readonly key?: string
  readonly value?: string
  /** `header` or `query`. */
  readonly placement?: string
}

/** An HTTP API the capability consumes. */
export interface ConsumedApi {
  readonly namespace: string
  readonly baseUri?: string
  readonly authentication?: Authentication
  readonly inputParameters?: readonly InputParameter[]
  readonly resources: readonly ConsumedResource[]
}

/** A parameter that a surface offers under a name of its own. */
export interface ExposedParameter {
  readonly name: string
  readonly type?: ValueType
  readonly description?: string
  readonly required?: boolean
  readonly pattern?: string
}

/** An operation of the REST surface, which calls a consumed one. */
export interface ExposedOperation {
  readonly method: string
  readonly inputParameters?: readonly ExposedParameter[]
  readonly call: string
  readonly with?: Bindings
}

/** A tool of the MCP surface, which calls a consumed operation. */
export interface ExposedTool {
  readonly name: string
  readonly description?: string
  readonly hints?: Readonly<Partial<Record<'readOnly' | 'destructive' | 'idempotent' | 'openWorld', boolean>>>
  readonly inputParameters?: readonly ExposedParameter[]
  readonly call: string
  readonly with?: Bindings
}

/** The REST surface of a capability. */
export interface RestSurface {
  readonly type: 'rest'
  readonly namespace: string
  readonly resources: readonly {
    readonly path: string
    readonly inputParameters?: readonly ExposedParameter[]
    readonly operations: readonly ExposedOperation[]
  }[]
}

/** The MCP surface of a capability. */
export interface McpSurface {
  readonly type: 'mcp'
  readonly namespace: string
  readonly tools: readonly ExposedTool[]
}

/** A Naftiko capability as far as the gateway reads it; what was cut out of its lists leaves holes. */
export interface Capability {
  readonly info: {
    readonly label: string
    readonly description: string
    readonly tags?: readonly string[]
    readonly modified?: string
  }
  readonly binds?: readonly { readonly keys: Bindings }[]
  readonly capability: {
    readonly consumes: readonly ConsumedApi[]
    readonly exposes: readonly (RestSurface | McpSurface)[]
  }
}
