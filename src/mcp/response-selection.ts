import { exceeds, isObject } from '../document/json.ts'
import { findMediaType } from '../document/media-types.ts'
import type { Operation } from '../document/operations.ts'
import { type DescribedResponse, findResponse } from '../document/responses.ts'
import type { ApiResponse } from '../upstream/client.ts'
import { type Selection, selectDescribed } from './result-redaction.ts'
import { deepestResult, readType, type ToolResult, toResult } from './results.ts'
import { redactSecrets } from './schema-redaction.ts'

const selections = new WeakMap<DescribedResponse, Selection>()

/**
 * Returns what of a response with another status than the described success may be told. What is described of one status
 * says nothing of another, so that each is cut down by its own schema. A status that nothing is said of is taken for
 * the success: secrets must not be exposed by a status that the document forgot.
 */
export function selectByStatus(operation: Operation, status: number, success: Selection): Selection {
  const described = findOwn(operation, status)
  if (!described) return success
  const known = selections.get(described) ?? prepare(described)
  selections.set(described, known)
  return known
}

function prepare({ content }: DescribedResponse): Selection {
  const visible = redactSecrets(content.find(({ kind }) => kind === 'json')?.schema ?? {})
  return visible ? selectDescribed(visible) : () => ({ text: '{}', value: {} })
}

/** What is said of errors, `default`, says nothing of a success. */
function findOwn({ responses }: Operation, status: number): DescribedResponse | undefined {
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
  const { content = [] } = findOwn(operation, status) ?? findResponse(responses, success.status) ?? {}
  const json = content.find(({ kind }) => kind === 'json')
  const others = content.filter(({ kind }) => kind !== 'json')
  if (!json || findMediaType(others, type)) return toResult(response, select, notice)
  const data = parse(text)
  if (data !== undefined) return toResult({ ...response, data }, select, notice)
  if (redactSecrets(json.schema) === json.schema) return toResult(response, select, notice)
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
