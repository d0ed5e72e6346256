import { isUtf8 } from 'node:buffer'
import { setImmediate as nextTick } from 'node:timers/promises'
import { markNumbers, parseExactly, parseMarked } from '../document/exact-numbers.ts'
import { decodeHeader } from '../document/header-text.ts'
import { exceeds, isObject, type JsonLimits } from '../document/json.ts'
import { isTextType, toBareType } from '../document/media-types.ts'
import type { Operation } from '../document/operations.ts'
import { flattenText } from '../document/single-line.ts'
import { createCallError } from '../upstream/call.ts'
import type { ApiResponse } from '../upstream/client.ts'
import { redactTokenBytes, redactTokens } from '../upstream/redaction.ts'
import type { SelectResponse } from './result-redaction.ts'

/** A part of a result (MCP `ContentBlock`). */
export type Content =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | {
      readonly type: 'resource'
      readonly resource: { readonly uri: string; readonly mimeType: string; readonly blob: string }
    }

/** The result of a tool call (MCP `CallToolResult`): a text for a model and the same for a machine. */
export interface ToolResult {
  readonly content: Content[]
  readonly structuredContent: Readonly<Record<string, unknown>>
  readonly isError?: true
}

/** Characters of an address that are told. */
export const longestAddress = 2_000

/** Deepest nesting of a response that becomes a result. */
export const deepestResult = 512

/** Characters beyond which the steps of a response share no event-loop tick, so that other calls have theirs between. */
const largeText = 256 * 1024

/**
 * Makes a result of a success: its own text, byte for byte, and what it says. With a selection only what that leaves,
 * and the notice that says where the rest is to be had. Throws `upstream_invalid_response` where JSON nests too deep to
 * be written into a result.
 */
export async function toResult(
  response: ApiResponse,
  operation: Operation,
  select?: SelectResponse,
): Promise<ToolResult> {
  const { text, data, body } = response
  if (data === undefined && body.length > 0) return toForeignResult(response, select !== undefined)
  if (data === undefined) return toEmptyResult(response)
  if (exceeds(text, { depth: deepestResult }))
    throw createCallError({ operation }, 'upstream_invalid_response', { detail: tooDeep })
  const isLarge = text.length > largeText
  if (isLarge) await nextTick()
  const marked = markNumbers(text)
  if (isLarge && marked) await nextTick()
  const value = marked ? parseMarked(marked) : data
  if (isLarge) await nextTick()
  if (!select) return { content: [{ type: 'text', text }], structuredContent: asObject(value) }
  const described = select(value)
  if (isLarge) await nextTick()
  const texts = [described.text, operation.redactedNotice ?? ''].filter(Boolean)
  return {
    content: texts.map((one) => ({ type: 'text', text: one })),
    structuredContent: asObject(described.value),
  }
}

const tooDeep = `The upstream sent JSON that nests deeper than ${deepestResult} levels.`

/** Makes a result of a success without a body, which says so, and what its header `Location` names. */
function toEmptyResult({ status, headers }: ApiResponse): ToolResult {
  const at = readLocation(headers)
  const told = at === undefined ? '' : ` Its location is ${flattenText(at, longestAddress)}.`
  const text = `Done (${status}); the response is empty.${told}`
  return {
    content: [{ type: 'text', text }],
    structuredContent: { status, ...(at !== undefined && { location: at }) },
  }
}

/** Reads where a response says that something is, without tokens; undefined where it does not say. */
export function readLocation({ location }: ApiResponse['headers']): string | undefined {
  return typeof location === 'string' ? redactTokens(decodeHeader(location) ?? location) : undefined
}

/** Makes a result of a success that is no JSON: text, images and audio as such, other bytes as a resource within it. */
function toForeignResult({ status, headers, text, body }: ApiResponse, redacts: boolean): ToolResult {
  const mimeType = readType(headers) || (isUtf8(body) ? 'text/plain' : 'application/octet-stream')
  const structuredContent = { status, contentType: mimeType }
  if (isTextType(mimeType)) {
    const told = redacts ? redactTokens(text) : text
    return { content: [{ type: 'text', text: told }], structuredContent }
  }
  const data = (redacts ? redactTokenBytes(body) : body).toString('base64')
  const [kind] = mimeType.split('/')
  if (kind === 'image' || kind === 'audio')
    return { content: [{ type: kind, data, mimeType }], structuredContent }
  const resource = { uri: 'response:body', mimeType, blob: data }
  return { content: [{ type: 'resource', resource }], structuredContent }
}

/** Reads the media type of a response, in lower case and without parameters; empty where it names none. */
export function readType(headers: ApiResponse['headers']): string {
  return toBareType(String(headers['content-type'] ?? ''))
}

/** Reads a text as JSON, with the numbers as they were written; undefined where it is none, or exceeds a limit. */
export function readJson(text: string, limits: Partial<JsonLimits>): unknown {
  if (exceeds(text, limits)) return undefined
  try {
    return parseExactly(text)
  } catch {
    return undefined
  }
}

/** Makes a result of an error: its lines, of which none becomes two by what it repeats, and what it says. */
export function toError(lines: readonly string[], error: Record<string, unknown>): ToolResult {
  const text = lines.map((one) => flattenText(one)).join('\n')
  return { content: [{ type: 'text', text }], structuredContent: { error }, isError: true }
}

function asObject(value: unknown): ToolResult['structuredContent'] {
  return isObject(value) ? value : { result: value }
}
