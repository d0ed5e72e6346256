import { asRecord } from '../../src/document/json.ts'
import { type DocumentedResponse, problemType } from './documented-responses.ts'
import { type Cause, findCause, isCaused } from './error-causes.ts'
import type { ValidRequest } from './valid-request.ts'

/** How to bring one documented response about. */
export interface ResponsePlan {
  readonly cause: Cause
  /** What the mock is to respond, where the mock responds. */
  readonly prefer: string | undefined
  /** The gateway's own error code that the response must carry. */
  readonly code: string | undefined
}

/**
 * Says how a valid request gets a response as documented: the mock is told what to respond where
 * Cal.com responds, and the request is spoiled where the gateway does. Throws for an error of the gateway that
 * nobody has found a cause for.
 */
export function planResponse(
  response: DocumentedResponse,
  example: string | undefined,
  request: ValidRequest,
): ResponsePlan {
  if (response.mediaType === problemType) {
    const { code } = asRecord(response.examples.get(example ?? ''))
    if (!isCaused(code)) throw new Error(`nothing is known to cause ${code ?? 'an error without a code'}`)
    return { cause: findCause(code, request), prefer: undefined, code }
  }
  const named = example ? `, example=${example}` : ''
  const prefer = response.status < 400 && !named ? undefined : `code=${response.status}${named}`
  return { cause: { upstream: 'mock', ...isolate(response) }, prefer, code: undefined }
}

let clients = 0

/** A client that the upstream asks to wait gets its responses from the gateway from then on, so each is one of its own. */
function isolate({ status }: DocumentedResponse): Pick<Cause, 'headers'> {
  if (status !== 429) return {}
  clients += 1
  return { headers: { 'x-cal-secret-key': `contract-secret-${clients}` } }
}
