import { Ajv, type ValidateFunction } from 'ajv'
import { readOwn } from './json.ts'

const sentence = { type: 'string', minLength: 1 }
const headerName = { type: 'string', pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }
const variable = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }
const baseUrl = { type: 'string', pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*[^/?#\\s])?$' }
const names = { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true }

/**
 * Lists the extensions that the gateway reads, by the object of the document that has them, each with the JSON Schema
 * of its value. What OpenAPI has a word for is no extension. docs/extensions.md is tested against this list.
 */
export const extensions = {
  document: {
    'x-name': { type: 'string', pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$', maxLength: 40 },
    'x-title': sentence,
    'x-base-url': baseUrl,
    'x-retry-after-header': headerName,
    'x-error-echoes': {
      type: 'object',
      properties: { members: names, urls: names },
      additionalProperties: false,
    },
  },
  operation: {
    'x-base-url': baseUrl,
    'x-rest-path': { anyOf: [{ type: 'string', pattern: '^/' }, { const: false }] },
    'x-mcp-tool': {
      anyOf: [
        {
          type: 'object',
          required: ['name'],
          properties: {
            name: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
            title: { type: 'string' },
            description: { type: 'string' },
            annotations: { type: 'object', additionalProperties: { type: 'boolean' } },
            arguments: { type: 'object', additionalProperties: { type: 'string' } },
          },
          additionalProperties: false,
        },
        { const: false },
      ],
    },
    'x-constant-headers': {
      type: 'object',
      propertyNames: headerName,
      additionalProperties: { type: 'string', pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' },
    },
    'x-scope': { type: 'string', pattern: '^[\\x21\\x23-\\x2b\\x2d-\\x5b\\x5d-\\x7e]+$' },
    'x-single-use': { type: 'boolean' },
    'x-redeliver': names,
    'x-recovery': sentence,
    'x-redacted-notice': sentence,
    'x-export': {
      type: 'object',
      required: ['name', 'limit', 'offset', 'pageSize'],
      properties: {
        name: { type: 'string', pattern: '^[a-z][a-z0-9-]*$' },
        limit: sentence,
        offset: sentence,
        pageSize: { type: 'integer', minimum: 1 },
        reach: { type: 'integer', minimum: 1 },
      },
      additionalProperties: false,
    },
  },
  parameter: {
    'x-pin': { type: 'object', properties: { credential: sentence }, additionalProperties: false },
    'x-upstream-header': headerName,
    'x-idempotency-key': { type: 'boolean' },
  },
  securityScheme: {
    'x-configured-only': { type: 'boolean' },
    'x-env': {
      type: 'object',
      properties: {
        value: variable,
        username: variable,
        password: variable,
        prefix: { type: 'string' },
      },
      additionalProperties: false,
    },
  },
  schema: {
    'x-propertyNames': { type: 'object' },
    'x-secret': { type: 'boolean' },
  },
} as const

/** An object of the document that may have extensions. */
export type ExtensionPlace = keyof typeof extensions

/** The extensions of one object, as far as they are there; their forms are those of the schemas above. */
export interface Extensions {
  readonly 'x-name'?: string
  readonly 'x-title'?: string
  readonly 'x-base-url'?: string
  readonly 'x-retry-after-header'?: string
  readonly 'x-error-echoes'?: { readonly members?: readonly string[]; readonly urls?: readonly string[] }
  readonly 'x-rest-path'?: string | false
  readonly 'x-mcp-tool'?: Readonly<Record<string, unknown>> | false
  readonly 'x-constant-headers'?: Readonly<Record<string, string>>
  readonly 'x-scope'?: string
  readonly 'x-single-use'?: boolean
  readonly 'x-redeliver'?: readonly string[]
  readonly 'x-recovery'?: string
  readonly 'x-redacted-notice'?: string
  readonly 'x-export'?: {
    readonly name: string
    readonly limit: string
    readonly offset: string
    readonly pageSize: number
    readonly reach?: number
  }
  readonly 'x-pin'?: { readonly credential?: string }
  readonly 'x-upstream-header'?: string
  readonly 'x-idempotency-key'?: boolean
  readonly 'x-configured-only'?: boolean
  readonly 'x-env'?: Readonly<Partial<Record<'value' | 'username' | 'password' | 'prefix', string>>>
  readonly 'x-propertyNames'?: Readonly<Record<string, unknown>>
  readonly 'x-secret'?: boolean
}

// The schemas above are constants: to compile the metaschema for them would take nine times as long as they take.
const ajv = new Ajv({ meta: false, validateSchema: false })
const checks = new Map<ExtensionPlace, ValidateFunction<Extensions>>()

/**
 * Reads the extensions of one object of the document. Extensions of others are left alone. Throws a `TypeError` that
 * names the object and the extension whose value has another form than its schema.
 */
export function readExtensions(place: ExtensionPlace, part: unknown, name: string): Extensions {
  const check =
    checks.get(place) ?? ajv.compile<Extensions>({ type: 'object', properties: extensions[place] })
  checks.set(place, check)
  const read: unknown = Object.fromEntries(
    Object.keys(extensions[place]).flatMap((one) => {
      const value = readOwn(part, one)
      return value === undefined ? [] : [[one, value]]
    }),
  )
  if (check(read)) return read
  const [{ instancePath = '', message = '' } = {}] = check.errors ?? []
  throw new TypeError(`${name}: ${instancePath.slice(1).replaceAll('/', '.')} ${message}`)
}
