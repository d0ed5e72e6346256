/**
 * The form of a Naftiko capability (1.0.0-alpha2) as far as a gateway needs it: an HTTP API it consumes, a REST
 * and an MCP surface it exposes. Further keys are allowed, a missing or mistyped one is a problem.
 */
const text = { type: 'string', minLength: 1 } as const
const bindings = { type: 'object', additionalProperties: { type: 'string' } } as const
const method = { enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] } as const
const port = { type: 'integer', minimum: 0, maximum: 65_535 } as const

function list(items: object) {
  return { type: 'array', items } as const
}

function object(required: readonly string[], properties: object) {
  return { type: 'object', required, properties } as const
}

const inputParameter = object(['name', 'in', 'type'], {
  name: text,
  in: { enum: ['path', 'query', 'header', 'body'] },
  type: { enum: ['string', 'number', 'integer', 'boolean', 'array', 'object'] },
  description: { type: 'string' },
  required: { type: 'boolean' },
})

const consumes = object(['type', 'namespace', 'resources'], {
  type: { const: 'http' },
  namespace: text,
  baseUri: { type: 'string' },
  resources: list(
    object(['path', 'operations'], {
      name: text,
      path: { type: 'string', pattern: '^/' },
      operations: list(
        object(['name', 'method'], {
          name: text,
          method,
          description: { type: 'string' },
          inputParameters: list(inputParameter),
        }),
      ),
    }),
  ),
})

const rest = object(['namespace', 'port', 'resources'], {
  namespace: text,
  port,
  resources: list(
    object(['path', 'operations'], {
      path: { type: 'string', pattern: '^/' },
      operations: list(object(['method', 'call'], { method, name: text, call: text, with: bindings })),
    }),
  ),
})

const mcp = object(['namespace', 'port', 'tools'], {
  namespace: text,
  port,
  transport: { enum: ['http', 'stdio'] },
  tools: list(
    object(['name', 'call'], {
      name: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
      description: { type: 'string' },
      hints: object([], {
        readOnly: { type: 'boolean' },
        destructive: { type: 'boolean' },
        idempotent: { type: 'boolean' },
        openWorld: { type: 'boolean' },
      }),
      call: text,
      with: bindings,
    }),
  ),
})

/** Says nothing of a surface of another type, whose keys nobody can name. */
function surface(type: 'rest' | 'mcp', form: object) {
  // biome-ignore lint/suspicious/noThenProperty: `then` is a keyword of JSON Schema.
  return { if: { required: ['type'], properties: { type: { const: type } } }, then: form } as const
}

const exposed = {
  type: 'object',
  required: ['type'],
  properties: { type: { enum: ['rest', 'mcp'] } },
  allOf: [surface('rest', rest), surface('mcp', mcp)],
} as const

/** JSON Schema of a capability file. */
export const capabilitySchema = object(['naftiko', 'info', 'capability'], {
  naftiko: { type: 'string', pattern: '^1\\.' },
  info: object(['label', 'description'], {
    label: text,
    description: text,
    tags: list(text),
    modified: text,
  }),
  binds: list(object(['keys'], { namespace: text, keys: bindings })),
  capability: object(['consumes', 'exposes'], {
    consumes: { ...list(consumes), minItems: 1 },
    exposes: { ...list(exposed), minItems: 1 },
  }),
})

type Bindings = Readonly<Record<string, string>>

/** An input parameter of a consumed operation. */
export interface InputParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'body'
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object'
  readonly description?: string
  readonly required?: boolean
}

/** An operation of the upstream. */
export interface ConsumedOperation {
  readonly name: string
  readonly method: string
  readonly description?: string
  readonly inputParameters?: readonly InputParameter[]
}

/** An HTTP API the capability consumes. */
export interface ConsumedApi {
  readonly namespace: string
  readonly resources: readonly { readonly path: string; readonly operations: readonly ConsumedOperation[] }[]
}

/** An operation of the REST surface, which calls a consumed one. */
export interface ExposedOperation {
  readonly method: string
  readonly call: string
  readonly with?: Bindings
}

/** A tool of the MCP surface, which calls a consumed operation. */
export interface ExposedTool {
  readonly name: string
  readonly description?: string
  readonly hints?: Readonly<Partial<Record<'readOnly' | 'destructive' | 'idempotent' | 'openWorld', boolean>>>
  readonly call: string
  readonly with?: Bindings
}

/** The REST surface of a capability. */
export interface RestSurface {
  readonly type: 'rest'
  readonly resources: readonly { readonly path: string; readonly operations: readonly ExposedOperation[] }[]
}

/** The MCP surface of a capability. */
export interface McpSurface {
  readonly type: 'mcp'
  readonly tools: readonly ExposedTool[]
}

/** A Naftiko capability as far as the gateway reads it. */
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
