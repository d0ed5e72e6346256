import { type Answer, problemType } from './answers.ts'
import { type Cause, findCause, isCaused, type SoundRequest } from './causes.ts'

/** How to bring one documented answer about. */
export interface Proof {
  readonly cause: Cause
  /** What the mock is to answer, where it is the mock that answers. */
  readonly prefer: string | undefined
  /** The gateway's own error code that the answer must carry. */
  readonly code: string | undefined
}

/**
 * Says how a sound request becomes one that is answered as documented: the mock is told what to answer where
 * Cal.com answers, and the request is spoiled where the gateway does. Throws for an error of the gateway that
 * nobody has found a cause for.
 */
export function planProof(answer: Answer, example: string | undefined, request: SoundRequest): Proof {
  if (answer.mediaType === problemType) {
    const { code } = Object(answer.examples.get(example ?? ''))
    if (!isCaused(code)) throw new Error(`nothing is known to cause ${code ?? 'an error without a code'}`)
    return { cause: findCause(code, request), prefer: undefined, code }
  }
  const named = example ? `, example=${example}` : ''
  const prefer = answer.status < 400 && !named ? undefined : `code=${answer.status}${named}`
  return { cause: { upstream: 'mock', ...isolate(answer) }, prefer, code: undefined }
}

let callers = 0

/** A caller whom the upstream asks to wait is answered by the gateway from then on, so each is a caller of its own. */
function isolate({ status }: Answer): Pick<Cause, 'headers'> {
  if (status !== 429) return {}
  callers += 1
  return { headers: { 'x-cal-secret-key': `contract-secret-${callers}` } }
}
