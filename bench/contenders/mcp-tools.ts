import { Ajv, type ValidateFunction } from 'ajv'
import { Pool } from 'undici'
import * as z from 'zod'
import { readDocument } from '../../src/document/document.ts'
import { type Operation, readOperations } from '../../src/document/operations.ts'
import { describeArguments } from '../../src/mcp/arguments.ts'

/** A tool as somebody would write it by hand for the same document. */
export interface PlainTool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: Readonly<Record<string, unknown>>
  /** Makes the same schema for those SDKs that want zod's, or gives the one that is kept. */
  toZodSchema(): z.ZodObject
  readonly validate: ValidateFunction
  call(values: Readonly<Record<string, unknown>>): Promise<PlainResult>
}

/** The result of a call, as the gateway's own tools give it. */
export interface PlainResult {
  readonly [member: string]: unknown
  readonly content: { readonly type: 'text'; readonly text: string }[]
  readonly structuredContent?: Record<string, unknown>
  readonly isError?: boolean
}

const ajv = new Ajv({ strict: false, validateFormats: false })

/**
 * Makes the tools of the shipped document over connections of their own to the upstream. The SDKs' examples make the
 * schemas of their tools along with each server; what they cost without that is measured with schemas that are kept.
 */
export function createPlainTools(upstream: string, keepsSchemas = false): PlainTool[] {
  const pool = new Pool(upstream)
  return readOperations(readDocument()).flatMap((operation) => {
    const { tool } = operation
    if (!tool) return []
    const inputSchema = { ...describeArguments(operation, tool, '') }
    const kept = keepsSchemas ? toZod(operation) : undefined
    return [
      {
        name: tool.name,
        title: tool.title,
        description: tool.description,
        inputSchema,
        toZodSchema: () => kept ?? toZod(operation),
        validate: ajv.compile(inputSchema),
        call: (values) => callOperation(pool, operation, values),
      },
    ]
  })
}

async function callOperation(
  pool: Pool,
  { method, path, parameters }: Operation,
  values: Readonly<Record<string, unknown>>,
): Promise<PlainResult> {
  const place = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])))
  const query = parameters
    .filter(({ name, in: where }) => where === 'query' && values[name] !== undefined)
    .map(({ name }) => `${name}=${encodeURIComponent(String(values[name]))}`)
  const headers = parameters
    .filter(({ name, in: where }) => where === 'header' && values[name] !== undefined)
    .map(({ name }): [string, string] => [name, String(values[name])])
  const { statusCode, body } = await pool.request({
    method,
    path: query.length > 0 ? `${place}?${query.join('&')}` : place,
    headers: Object.fromEntries([['accept', 'application/json'], ...headers]),
    body: values.body === undefined ? null : JSON.stringify(values.body),
  })
  const text = await body.text()
  if (statusCode >= 400) return { content: [{ type: 'text', text }], isError: true }
  return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) }
}

function toZod({ parameters, body }: Operation): z.ZodObject {
  const fields = parameters.map(({ name, schema, required }): [string, z.ZodType] => {
    const type = schema.type === 'integer' ? toNumber(schema) : z.string()
    return [name, required ? type : type.optional()]
  })
  const others: [string, z.ZodType][] = body ? [['body', z.record(z.string(), z.unknown())]] : []
  return z.strictObject(Object.fromEntries([...fields, ...others]))
}

function toNumber({ minimum, maximum }: Readonly<Record<string, unknown>>): z.ZodType {
  return z
    .int()
    .min(Number(minimum ?? 0))
    .max(Number(maximum ?? Number.MAX_SAFE_INTEGER))
}
