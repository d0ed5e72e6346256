const text = { type: 'string', minLength: 1 } as const
const texts = { type: 'array', items: text, uniqueItems: true } as const
const source = {
  type: 'string',
  pattern: '^(capability\\.yaml:[1-9]\\d*|(Cal\\.com|Gateway|MCP): \\S.*)$',
} as const
const surface = { enum: ['rest', 'mcp', 'upstream'] } as const

const operation = {
  type: 'object',
  additionalProperties: false,
  required: [
    'operation',
    'rest',
    'allow',
    'tool',
    'arguments',
    'required',
    'hints',
    'success',
    'response',
    'errors',
    'apiKey',
    'source',
  ],
  properties: {
    operation: { type: 'string', pattern: '^(GET|POST|PATCH|DELETE) /' },
    rest: { type: 'string', pattern: '^/v1/' },
    allow: texts,
    tool: text,
    arguments: texts,
    required: texts,
    hints: {
      type: 'object',
      additionalProperties: { type: 'boolean' },
      required: ['readOnly', 'destructive', 'idempotent'],
    },
    success: { type: 'integer', minimum: 200, maximum: 299 },
    response: { type: 'object' },
    errors: texts,
    apiKey: { type: 'boolean' },
    source,
  },
} as const

const requirement = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'group', 'level', 'operations', 'surfaces', 'rule', 'source'],
  properties: {
    id: { type: 'string', pattern: '^[a-z]+(-[a-z]+)*\\.[a-z-]+$|^[a-z]+[A-Z][A-Za-z]*\\.[a-z-]+$' },
    group: {
      enum: [
        'exposure',
        'arguments',
        'body',
        'credentials',
        'request',
        'responses',
        'state',
        'tokens',
        'tenants',
      ],
    },
    level: { enum: ['must', 'should'] },
    operations: { anyOf: [{ enum: ['every', 'gateway'] }, { ...texts, minItems: 1 }] },
    surfaces: { type: 'array', items: surface, minItems: 1, uniqueItems: true },
    needs: {
      type: 'array',
      items: { enum: ['sight', 'told', 'build', 'memory', 'second-client', 'secret'] },
      uniqueItems: true,
    },
    rule: { type: 'string', pattern: '^\\S.*\\.$' },
    source,
    argument: text,
    accepts: { type: 'array', minItems: 1 },
    refuses: { type: 'array', minItems: 1 },
    values: { type: 'object', minProperties: 1 },
  },
} as const

const error = {
  type: 'object',
  additionalProperties: false,
  required: ['status', 'shape'],
  properties: { status: { type: 'integer', minimum: 400, maximum: 599 }, shape: text, code: text },
} as const

/** What `requirements.yaml` must look like (JSON Schema draft-07). */
export const requirementsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['operations', 'responses', 'errors', 'requirements'],
  properties: {
    operations: { type: 'object', additionalProperties: operation, minProperties: 1 },
    responses: { type: 'object' },
    errors: {
      type: 'object',
      required: ['everywhere'],
      properties: { everywhere: texts },
      additionalProperties: error,
    },
    requirements: { type: 'array', items: requirement, minItems: 1 },
  },
} as const
