const text = { type: 'string', minLength: 1 } as const
const target = { type: 'string', pattern: '^\\$' } as const

/** JSON Schema of an overlay (Overlay Specification 1.0.0 and 1.1.0); further keys are allowed. */
export const overlaySchema = {
  type: 'object',
  required: ['overlay', 'info', 'actions'],
  properties: {
    overlay: { type: 'string', pattern: '^1\\.[01]\\.\\d+$' },
    info: { type: 'object', required: ['title', 'version'], properties: { title: text, version: text } },
    actions: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['target'],
        properties: { target, copy: target, remove: { type: 'boolean' } },
      },
    },
  },
} as const

/** One change to a document; `remove` wins over `update`, `update` over `copy` (Overlay 1.1.0, Action Object). */
export interface Action {
  /** JSONPath (RFC 9535) of the places to change. */
  readonly target: string
  readonly update?: unknown
  /** JSONPath of the one place whose value is merged into the targets. */
  readonly copy?: string
  readonly remove?: boolean
}
