import { isTextType } from '../document/media-types.ts'
import type { Operation } from '../document/operations.ts'
import { findResponse } from '../document/responses.ts'
import { flattenText } from '../document/single-line.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import { adviseAfter, GatewayError } from '../errors/gateway-error.ts'
import { readRetryAfter } from '../upstream/back-off.ts'
import type { ApiResponse } from '../upstream/client.ts'
import { mark } from '../upstream/secret-search.ts'
import { readErrorBody } from './error-body.ts'
import { adviseNextStep } from './next-step.ts'
import {
  deepestResult,
  longestAddress,
  readJson,
  readLocation,
  readType,
  type ToolResult,
  toError,
} from './results.ts'

/**
 * Makes a result of a response that is none of the operation's successes: an error, and below 400 what the API did not
 * return itself. Undefined for every other response. Where secrets are redacted, so are errors; other tools are named
 * where the client is offered them.
 */
export function findFailure(
  response: ApiResponse,
  operation: Operation,
  { operations, upstreamName }: { readonly operations: readonly Operation[]; readonly upstreamName: string },
  redacts: boolean,
  isOffered: (operation: Operation) => boolean,
): ToolResult | undefined {
  const { status } = response
  if (status < 400) return toDiversion(response, upstreamName, operation)
  const advise = (isExplained: boolean, retryAfter: number | undefined) =>
    adviseNextStep(status, operation, { operations, isOffered, retryAfter, isExplained })
  return toFailure(response, upstreamName, advise, redacts)
}

/**
 * Makes a result of what the API did not return itself: a redirect or a 304 that the document does not describe,
 * or a page (HTML) in the place of another type. Undefined for every other response below 400.
 */
function toDiversion(
  { status, headers, body }: ApiResponse,
  upstream: string,
  { responses }: Operation,
): ToolResult | undefined {
  const isPage = body.length > 0 && /html/.test(readType(headers))
  if (status < 300 && !isPage) return undefined
  const described = findResponse(responses, status)
  if (status === 304 && !described) return toUnchanged(upstream)
  if (status >= 300 && !described) {
    const location = readLocation(headers)
    const where =
      location === undefined ? '' : ` and names ${flattenText(hideValues(location), longestAddress)}`
    const message = `${upstream} returned ${status}${where}; redirects are not followed.`
    const nextStep =
      'Tell the person that the address of the API may have changed; repeating the call changes nothing.'
    return toError([message, `Next: ${nextStep}`], { status, message, nextStep })
  }
  const types = described?.content.map(({ type }) => type) ?? []
  const isForeign = types.length > 0 && !types.some((type) => /html|\*/.test(type))
  return isForeign && isPage ? toPageFailure(status, upstream, '') : undefined
}

/**
 * Returns where a redirect leads without what it may repeat of a request: e-mail addresses in the path, a user of the host, and
 * the values of the query and the fragment, which may also sign the address for everybody who has it.
 */
function hideValues(location: string): string {
  const [path = ''] = /^[^?#]*/.exec(location) ?? []
  const parts = path.split('/').map((part) => (/@|%40/.test(part) ? mark : part))
  const rest = location.slice(path.length).replaceAll(/([?&#][^=&#]*=|[?&#])[^&#]*/g, `$1${mark}`)
  return parts.join('/') + rest
}

/** A 304 has no body (RFC 9110 §15.4.5): what it stands for is what a former call has read. */
function toUnchanged(upstream: string): ToolResult {
  const message = `${upstream} returned 304: nothing has changed since the version that the call names.`
  const nextStep =
    'Use what was read before; to read it again, leave out the argument that names its version.'
  return toError([message, `Next: ${nextStep}`], { status: 304, message, nextStep })
}

/** Makes a result of an error of the gateway itself: nothing was sent, or nobody knows what became of it. */
export function toRefusal(error: GatewayError, nextStep?: string): ToolResult {
  const { title, outcome } = errorCatalogue[error.code]
  const action = adviseAfter(error.code, error.isRead)
  const problem = error.toHeaderlessProblem()
  const { retryAfter } = problem
  const advice = retryAfter === undefined ? action : `Wait ${retryAfter} seconds, then call again.`
  const next = nextStep ?? error.recovery ?? advice
  const places = error.violations.map(({ location, message }) => `${location}: ${message}`)
  const detail = [action, next].includes(error.message) ? [] : [problem.detail]
  const told = places.length > 0 ? places : [`${error.code}: ${title}`, ...detail]
  const doubt = error.isRead ? [] : ['Nobody can tell whether the call took effect.']
  const effect = outcome === 'unknown' ? doubt : ['The call had no effect.']
  return toError([...told, ...effect, `Next: ${next}`], {
    ...problem,
    nextStep: next,
  })
}

/**
 * Makes a result of the refusal of a call; it says how to give the secret where that is missing, alone or beside wrong
 * arguments.
 */
export function toCallRefusal(error: GatewayError, advice: string): ToolResult {
  const { code, message, violations, cause } = error
  if (code === 'missing_credentials' && advice !== '')
    return toRefusal(new GatewayError(code, { detail: advice }), advice)
  // Its detail names the argument that confirms the call of this tool.
  if (code === 'confirmation_required') return toRefusal(error, message)
  if (code !== 'invalid_argument') return toRefusal(error)
  const hasNull = violations.some((one) => one.message.endsWith('(got null)'))
  const nextStep = [
    'Correct these arguments and call again.',
    hasNull ? 'Leave optional values out instead of giving null.' : '',
    cause === undefined ? '' : advice,
  ]
  return toRefusal(new GatewayError(code, { violations }), nextStep.filter(Boolean).join(' '))
}

/**
 * Makes a result of an error response of the API, without what it echoed of the request. Where secrets are redacted
 * only what it says about the error is told, since no schema tells what else it may hold. A page (HTML) comes from
 * something in front of the API or from its framework, and its text is for no model.
 */
function toFailure(
  { status, headers, text }: ApiResponse,
  upstream: string,
  advise: (isExplained: boolean, retryAfter: number | undefined) => string,
  redacts: boolean,
): ToolResult {
  const body = readJson(text, { depth: deepestResult })
  const type = readType(headers)
  // What is meant as JSON may hold anything; a name in braces or brackets is none.
  const isHidden = redacts && /^\s*(?:\{(?:\W|\w+[^\w}])|\[[^\]]*["[{])/.test(text)
  const isText = body === undefined && isTextType(type) && !isHidden
  const isPage = type.includes('html') || (body === undefined && !isText && /^\s*</.test(text))
  const retryAfter = readRetryAfter(headers)
  if (isPage) return toPageFailure(status, upstream, advise(false, retryAfter), retryAfter)
  const { code, message, reasons } = readErrorBody(isText ? text : body)
  const nextStep = advise(message !== undefined, retryAfter)
  const name = [upstream, 'returned', status, code].filter(Boolean).join(' ')
  const told = `${name}${message ? `: ${message}` : '.'}`
  const lines = [told, ...reasons.map((one) => `- ${one}`), `Next: ${nextStep}`]
  const beside = { ...(reasons.length > 0 && { reasons }), ...(!redacts && { response: body }) }
  return toError(lines, { status, code, message, retryAfter, nextStep, ...beside })
}

/** Statuses by which frameworks too send a page: what the call names is wrong, and no firewall. */
const ownRefusals = new Set([400, 404, 409, 410, 422])

function toPageFailure(status: number, upstream: string, nextStep: string, retryAfter?: number): ToolResult {
  const message = `Something in front of ${upstream} returned ${status} with a page, such as a firewall or a proxy, or ${upstream} itself did.`
  const blocks = status < 500 && status !== 429 && !ownRefusals.has(status)
  const next = blocks
    ? 'Tell the person that the call is blocked there, or its credentials are not taken; other arguments change nothing.'
    : nextStep
  return toError([message, `Next: ${next}`], { status, message, retryAfter, nextStep: next })
}
