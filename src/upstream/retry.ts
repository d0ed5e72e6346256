import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { Operation } from '../document/operations.ts'
import { createCallError, currentCall, type Interceptor, isRead } from './call.ts'
import { ConnectionError } from './pools.ts'

/** Most further tries of a call of which no byte has left. */
const retriesBeforeSending = 2
/** Most further tries of a read that has left. */
const retriesOfSentReads = 1
/** Milliseconds before the first further try, at most; twice as many before the second. */
const firstDelay = 100

/** What retries depend on. */
export interface RetryOptions {
  /** Returns a number from 0 to 1, for the jitter between tries. */
  readonly random: () => number
  /** Called for each further try. */
  readonly onRetry?: ((operation: Operation) => void) | undefined
}

/**
 * Tries a call again whose connection failed. Whether it may depends on whether bytes have left, never on the kind
 * of error: nothing that left is sent again but a read, once. A complete response is never asked for again.
 */
export function retry({ random, onRetry }: RetryOptions): Interceptor {
  const budget = new RetryBudget()
  return (send) => async (request) => {
    budget.deposit()
    let sentTries = 0
    let unsentTries = 0
    for (;;) {
      try {
        return await send(request)
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error
        if (error.sent) sentTries += 1
        else unsentTries += 1
        const isKept = !(request.body instanceof Readable)
        const mayRepeat = isKept && (!error.sent || (isRead(request) && sentTries <= retriesOfSentReads))
        if (!mayRepeat || unsentTries > retriesBeforeSending || !budget.withdraw()) {
          const code = sentTries > 0 ? 'upstream_connection_lost' : 'upstream_unreachable'
          throw createCallError(currentCall(), code, { cause: error.cause })
        }
      }
      onRetry?.(currentCall().operation)
      const delay = random() * firstDelay * 2 ** (sentTries + unsentTries - 1)
      // It rejects at the signal alone, whose reason is the error of the call.
      await setTimeout(delay, undefined, { signal: request.signal }).catch(() =>
        request.signal?.throwIfAborted(),
      )
    }
  }
}

/** Retries that may be spent at once, after calls enough. */
const reserve = 10

/**
 * Bounds the retries to a tenth of the calls, so that an upstream in trouble gets no more than 1.1 times its
 * load: each call pays in a tenth of a retry, up to a small reserve, which a new budget begins with.
 */
class RetryBudget {
  #tenths = reserve * 10

  /** Pays in for a call. */
  deposit(): void {
    if (this.#tenths < reserve * 10) this.#tenths += 1
  }

  /** Takes a retry out; false when none is left. */
  withdraw(): boolean {
    if (this.#tenths < 10) return false
    this.#tenths -= 10
    return true
  }
}
