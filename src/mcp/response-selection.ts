import { exceeds, isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import { findMediaType, type MediaType } from '../document/media-types.ts'
import type { Operation } from '../document/operations.ts'
import { type DescribedResponse, findResponse } from '../document/responses.ts'
import type { ApiResponse } from '../upstream/client.ts'
import { type SelectResponse, selectDescribed, selectsAnything } from './result-redaction.ts'
import { deepestResult, readType, type ToolResult, toResult } from './results.ts'
import { omitSecrets } from './schema-redaction.ts'

/** What is described of the JSON of a status. */
interface Own {
  readonly schema: JsonSchema
  readonly select: SelectResponse
}

const known = new WeakMap<DescribedResponse, Own | undefined>()

/**
 * Returns what of a response with another status than the described success may be told. What is described of one status
 * says nothing of another, so that each is cut down by its own schema. A status of which no member or element is
 * described is taken for the success: secrets must not be exposed by a status that the document forgot.
 */
export function selectByStatus(
  operation: Operation,
  status: number,
  success: SelectResponse,
): SelectResponse {
  return findOwn(operation, status)?.select ?? success
}

function findOwn(operation: Operation, status: number): Own | undefined {
  const described = findDescribed(operation, status)
  if (!described) return undefined
  if (!known.has(described)) known.set(described, prepare(described))
  return known.get(described)
}

function prepare({ content }: DescribedResponse): Own | undefined {
  const schema = content.find(({ kind }) => kind === 'json')?.schema ?? {}
  const visible = omitSecrets(schema)
  if (!visible) return { schema, select: () => ({ text: '{}', value: {} }) }
  const select = selectDescribed(visible)
  return selectsAnything(select) ? undefined : { schema, select }
}

/** What is said of errors, `default`, says nothing of a success. */
function findDescribed({ responses }: Operation, status: number): DescribedResponse | undefined {
  return findResponse(
    responses.filter((one) => /^\d/.test(one.status)),
    status,
  )
}

/** Elements of a text that is read as JSON at most. */
const mostElements = 2_000_000

/**
 * Makes a result of a response with a body, of which a part may be told. JSON is cut down where the document describes
 * JSON, and so is a text that is JSON though its type, which the document does not describe, is another. Of any other body
 * nothing is told where what describes it has secrets: its own type, or where that is not described all of its status.
 */
export async function toSelectedResult(
  response: ApiResponse,
  operation: Operation,
  select: SelectResponse,
  notice?: string,
): Promise<ToolResult> {
  const { status, headers, text } = response
  const type = readType(headers)
  const content = listContent(operation, status)
  const others = content.filter(({ kind }) => kind !== 'json')
  const isJson = response.data !== undefined
  if (isJson && (content.length === 0 || others.length < content.length))
    return toResult(response, select, notice)
  const own = findMediaType(others, type)
  const data = isJson || own || selectsAnything(select) ? undefined : parse(text)
  if (data !== undefined) return toResult({ ...response, data }, select, notice)
  const { schema } = findOwn(operation, status) ?? operation.success
  const schemas = own ? listSchemas(own) : [schema, ...content.flatMap(listSchemas)]
  if (!schemas.some(hasSecrets)) return toResult(response, select, notice)
  const what = type || 'bytes without a type'
  return {
    content: [
      {
        type: 'text',
        text: `Done (${status}); the response is ${what} and is not shown, since it may hold secrets.`,
      },
    ],
    structuredContent: { status, ...(type && { contentType: type }) },
  }
}

/** Lists the types that are described of a status; of one without any, those of the success. */
function listContent(operation: Operation, status: number): readonly MediaType[] {
  const described = findDescribed(operation, status)
  if (described?.content.length) return described.content
  return findResponse(operation.responses, operation.success.status)?.content ?? []
}

function listSchemas({ schema, itemSchema }: MediaType): JsonSchema[] {
  return itemSchema ? [schema, itemSchema] : [schema]
}

function hasSecrets(schema: JsonSchema): boolean {
  return omitSecrets(schema) !== schema
}

function parse(text: string): unknown {
  if (exceeds(text, { depth: deepestResult, elements: mostElements })) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) || Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
