import { exceeds, isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import { findMediaType } from '../document/media-types.ts'
import type { Operation } from '../document/operations.ts'
import { type DescribedResponse, findResponse } from '../document/responses.ts'
import type { ApiResponse } from '../upstream/client.ts'
import { type Selection, selectDescribed, selectsAnything } from './result-redaction.ts'
import { deepestResult, readType, type ToolResult, toResult } from './results.ts'
import { omitSecrets } from './schema-redaction.ts'

/** What is described of the JSON of a status. */
interface Own {
  readonly schema: JsonSchema
  readonly select: Selection
}

const known = new WeakMap<DescribedResponse, Own | undefined>()

/**
 * Returns what of a response with another status than the described success may be told. What is described of one status
 * says nothing of another, so that each is cut down by its own schema. A status of which no member or element is
 * described is taken for the success: secrets must not be exposed by a status that the document forgot.
 */
export function selectByStatus(operation: Operation, status: number, success: Selection): Selection {
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
 * Makes a result of a response that is no JSON by its type, of which a part may be told. Where the document describes
 * JSON and not this type, a text that is JSON nevertheless is cut down as such; of any other body nothing is told
 * where the schema has secrets.
 */
export async function toUntypedResult(
  response: ApiResponse,
  operation: Operation,
  select: Selection,
  notice?: string,
): Promise<ToolResult> {
  const { status, headers, text } = response
  const type = readType(headers)
  const { responses, success } = operation
  const described = findDescribed(operation, status)
  const { content = [] } = described?.content.length
    ? described
    : (findResponse(responses, success.status) ?? {})
  const others = content.filter(({ kind }) => kind !== 'json')
  if (selectsAnything(select) || findMediaType(others, type)) return toResult(response, select, notice)
  const data = parse(text)
  if (data !== undefined) return toResult({ ...response, data }, select, notice)
  const { schema } = findOwn(operation, status) ?? success
  if (omitSecrets(schema) === schema) return toResult(response, select, notice)
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

function parse(text: string): unknown {
  if (exceeds(text, { depth: deepestResult, elements: mostElements })) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) || Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
