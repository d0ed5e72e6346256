/**
 * The form of a Naftiko capability (1.0.0-alpha2 and later) as far as a gateway needs it: HTTP APIs it consumes,
 * REST and MCP surfaces it exposes. Further keys are allowed, a missing or mistyped one is a problem.
 */
const text = { type: 'string', minLength: 1 } as const
const bindings = { type: 'object', additionalProperties: { type: 'string' } } as const
const method = { enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] } as const
const valueType = { enum: ['string', 'number', 'integer', 'boolean', 'array', 'object'] } as const
const port = { type: 'integer', minimum: 0, maximum: 65_535 } as const

function list(items: object) {
  return { type: 'array', items } as const
}

function object(required: readonly string[], properties: object) {
  return { type: 'object', required, properties } as const
}

const inputParameters = list(
  object(['name', 'in'], {
    name: text,
    in: { enum: ['path', 'query', 'header', 'cookie', 'body'] },
    type: valueType,
    description: { type: 'string' },
    required: { type: 'boolean' },
    pattern: { type: 'string' },
    value: { type: 'string' },
  }),
)

const exposedParameters = list(
  object(['name'], {
    name: text,
    type: valueType,
    description: { type: 'string' },
    required: { type: 'boolean' },
    pattern: { type: 'string' },
  }),
)

const consumes = object(['type', 'namespace', 'resources'], {
  type: { const: 'http' },
  namespace: text,
  baseUri: { type: 'string' },
  inputParameters,
  authentication: object(['type'], {
    type: text,
    ...Object.fromEntries(
      ['token', 'username', 'password', 'key', 'value', 'placement'].map((name) => [
        name,
        { type: 'string' },
      ]),
    ),
  }),
  resources: list(
    object(['path', 'operations'], {
      name: text,
      path: { type: 'string', pattern: '^/' },
      inputParameters,
      operations: list(
        object(['name', 'method'], {
          name: text,
          method,
          description: { type: 'string' },
          inputParameters,
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
      inputParameters: exposedParameters,
      operations: list(
        object(['method', 'call'], {
          method,
          name: text,
          inputParameters: exposedParameters,
          call: text,
          with: bindings,
        }),
      ),
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
      inputParameters: exposedParameters,
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
