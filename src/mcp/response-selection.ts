import { isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import { findMediaType, type MediaType } from '../document/media-types.ts'
import { onceFor } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import { type DescribedResponse, findResponse } from '../document/responses.ts'
import type { ApiResponse } from '../upstream/client.ts'
import { type SelectResponse, selectDescribed } from './result-redaction.ts'
import { deepestResult, readJson, readType, type ToolResult, toResult } from './results.ts'
import { omitSecrets } from './schema-redaction.ts'

/** A name that no schema describes. */
const otherName = '\u0000'

/**
 * Returns whether a selection lets members through that are not described, since its schema describes none, or no
 * element.
 */
function selectsAnything(select: SelectResponse): boolean {
  const member = { [otherName]: otherName }
  return [member, [member]].some((value) => select(value).text.includes(JSON.stringify(member)))
}

/** Returns whether a selection lets every value through, of whatever type, since its schema says nothing. */
const selectsEverything = onceFor((select: SelectResponse): boolean => {
  const member = { [otherName]: otherName }
  return [member, [member], otherName, 0].every((value) => select(value).text === JSON.stringify(value))
})

/** What is described of the JSON of a status. */
interface Own {
  readonly schema: JsonSchema
  readonly select: SelectResponse
}

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
  return described && prepare(described)
}

const prepare = onceFor(({ content }: DescribedResponse): Own | undefined => {
  const schema = content.find(({ kind }) => kind === 'json')?.schema ?? {}
  const visible = omitSecrets(schema)
  if (!visible) return { schema, select: () => ({ text: '{}', value: {} }) }
  const select = selectDescribed(visible)
  return selectsAnything(select) ? undefined : { schema, select }
})

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
 * Nothing is told of a response, or of JSON, that the document says nothing of.
 */
export async function toSelectedResult(
  response: ApiResponse,
  operation: Operation,
  select: SelectResponse,
): Promise<ToolResult> {
  const { status, headers, text } = response
  const content = listContent(operation, status)
  const isUndescribed = selectsEverything(select)
  if (isUndescribed && content.length === 0) return hide(response, undescribed)
  const others = content.filter(({ kind }) => kind !== 'json')
  const isJson = response.data !== undefined
  if (isJson && (content.length === 0 || others.length < content.length))
    return isUndescribed ? hide(response, undescribed) : toResult(response, operation, select)
  const own = findMediaType(others, readType(headers))
  const data = isJson || own || selectsAnything(select) ? undefined : parse(text)
  if (data !== undefined) return toResult({ ...response, data }, operation, select)
  const { schema } = findOwn(operation, status) ?? operation.success
  const schemas = own ? listSchemas(own) : [schema, ...content.flatMap(listSchemas)]
  if (schemas.some(hasSecrets)) return hide(response, 'since it may hold secrets')
  if (isUndescribed && !own && (isJson || parse(text) !== undefined)) return hide(response, undescribed)
  return toResult(response, operation, select)
}

const undescribed = "since the API's description does not say what it holds"

/** Makes a result that says that the call was done, and why its response is not shown. */
function hide({ status, headers }: ApiResponse, reason: string): ToolResult {
  const type = readType(headers)
  const what = type || 'bytes without a type'
  const text = `Done (${status}); the response is ${what} and is not shown, ${reason}.`
  return {
    content: [{ type: 'text', text }],
    structuredContent: { status, ...(type && { contentType: type }) },
  }
}

/** Statuses of responses without a body (RFC 9110 §15.3.5, §15.3.6). */
const bodiless = [204, 205]

/** Lists the operations of whose responses nothing is told where secrets are redacted: the document says nothing of them. */
export function listUndescribedTools(operations: readonly Operation[]): Operation[] {
  return operations.filter(({ tool, success: { status, schema }, responses }) => {
    if (!tool || bodiless.includes(status)) return false
    const content = findResponse(responses, status)?.content ?? []
    const visible = omitSecrets(schema)
    return (
      content.every(({ kind }) => kind === 'json') &&
      visible !== undefined &&
      selectsEverything(selectDescribed(visible))
    )
  })
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
  const value = readJson(text, { depth: deepestResult, elements: mostElements })
  return isObject(value) || Array.isArray(value) ? value : undefined
}
