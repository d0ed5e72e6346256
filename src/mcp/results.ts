import { asRecord, isObject, mayLoseDigits, parseExactly } from '../document/json.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { ApiResponse } from '../upstream/client.ts'
import { redactTokens } from '../upstream/redaction.ts'
import type { Selection } from './redaction.ts'

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

/**
 * A success: its own text, byte for byte, and what it says. With a selection only what that leaves, and the notice that
 * says where the rest is to be had.
 */
export function toResult(response: ApiResponse, select?: Selection, notice = ''): ToolResult {
  const { status, text, data } = response
  if (data === undefined && text !== '') return toForeignResult(response, select !== undefined)
  const value = text === '' ? { status } : mayLoseDigits(text) ? parseExactly(text) : data
  if (!select)
    return {
      content: [{ type: 'text', text: text || `Done (${status}).` }],
      structuredContent: asObject(value),
    }
  const described = select(value)
  const texts = [described.text, notice].filter(Boolean)
  return {
    content: texts.map((one) => ({ type: 'text', text: one })),
    structuredContent: asObject(described.value),
  }
}

/** A success that is no JSON: text as such, images and audio as such, other bytes as a resource within the result. */
function toForeignResult({ status, headers, text, body }: ApiResponse, redacts: boolean): ToolResult {
  const contentType = String(headers['content-type'] ?? 'application/octet-stream')
  const mimeType = contentType.replace(/;.*$/s, '').trim().toLowerCase()
  const structuredContent = { status, contentType: mimeType }
  if (isText(mimeType)) {
    const told = redacts ? redactTokens(text) : text
    return { content: [{ type: 'text', text: told }], structuredContent }
  }
  const data = body.toString('base64')
  const [kind] = mimeType.split('/')
  if (kind === 'image' || kind === 'audio')
    return { content: [{ type: kind, data, mimeType }], structuredContent }
  const resource = { uri: 'response:body', mimeType, blob: data }
  return { content: [{ type: 'resource', resource }], structuredContent }
}

function isText(mimeType: string): boolean {
  return /^text\/|^application\/(?:.*\+)?(?:json|xml|yaml|graphql|javascript)$/.test(mimeType)
}

/** An error of the gateway itself: nothing was sent, or nobody knows what became of it. */
export function toRefusal(error: GatewayError, nextStep?: string): ToolResult {
  const { title, action, outcome } = errorCatalogue[error.code]
  // A tool's caller sees no headers.
  const seconds = error.headers['retry-after']
  const wait = seconds === undefined ? {} : { retryAfter: Number(seconds) }
  const advice = seconds === undefined ? action : `Wait ${seconds} seconds, then call again.`
  const next = nextStep ?? error.recovery ?? advice
  const places = error.violations.map(({ location, message }) => `${location}: ${message}`)
  const detail = [action, next].includes(error.message) ? [] : [error.message]
  const told = places.length > 0 ? places : [`${error.code}: ${title}`, ...detail]
  const effect =
    outcome === 'unknown' ? 'Nobody can tell whether the call took effect.' : 'The call had no effect.'
  return toError([...told, effect, `Next: ${next}`].join('\n'), {
    ...error.toProblem(),
    ...wait,
    nextStep: next,
  })
}

/**
 * An error response of the API, without what it echoed of the request. Where secrets are redacted only what it says
 * about the error is told, since no schema tells what else it may hold. A page (HTML) comes from something in
 * front of the API, and its text is for no model.
 */
export function toFailure(
  { status, text }: ApiResponse,
  upstream: string,
  nextStep: string,
  redacts: boolean,
): ToolResult {
  const body = parse(text)
  if (body === undefined && /^\s*</.test(text)) return toBlocked(status, upstream, nextStep)
  const { code, message, reasons } = readError(body)
  const name = [upstream, 'answered', status, code].filter(Boolean).join(' ')
  const told = `${name}${message ? `: ${message}` : '.'}`
  const lines = [told, ...reasons, `Next: ${nextStep}`]
  const whole = redacts ? {} : { answer: body }
  return toError(lines.join('\n'), { status, code, message, nextStep, ...whole })
}

function toBlocked(status: number, upstream: string, nextStep: string): ToolResult {
  const message = `Something in front of ${upstream} answered ${status}, such as a firewall or a proxy; the API itself did not.`
  const blocks = status < 500 && status !== 429
  const next = blocks
    ? 'Tell the person that the call is blocked there; neither arguments nor credentials are at fault.'
    : nextStep
  return toError(`${message}\nNext: ${next}`, { status, message, nextStep: next })
}

function toError(text: string, error: Record<string, unknown>): ToolResult {
  return { content: [{ type: 'text', text }], structuredContent: { error }, isError: true }
}

function asObject(value: unknown): ToolResult['structuredContent'] {
  return isObject(value) && !JSON.isRawJSON(value) ? value : { result: value }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads the error shapes of NestJS and of most others: `error.code`, `error.message`, class-validator's `constraints`. */
function readError(body: unknown): { code?: string; message?: string; reasons: string[] } {
  const outer = asRecord(body)
  const isNested = typeof outer.error === 'object' && outer.error !== null
  const { code, message, details } = isNested ? asRecord(outer.error) : outer
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    reasons: collectConstraints(asRecord(details).errors),
  }
}

function collectConstraints(errors: unknown): string[] {
  if (!Array.isArray(errors)) return []
  return errors.flatMap((one) => [
    ...Object.values(asRecord(asRecord(one).constraints)).map((sentence) => `- ${sentence}`),
    ...collectConstraints(asRecord(one).children),
  ])
}
