import type { Operation } from '../document/operations.ts'
import { currentCall } from './call.ts'
import type { Requester } from './requester.ts'

/**
 * Opens one requester for each base URL that operations have of their own, beside the main one that all others take.
 * `open` is called without a URL for the main one. APIs share nothing: neither connections, nor a circuit, nor a call's
 * key.
 */
export function openOrigins(
  operations: readonly Pick<Operation, 'baseUrl'>[],
  open: (baseUrl?: string) => Requester,
): Requester {
  const main = open()
  const urls = new Set(operations.flatMap(({ baseUrl }) => baseUrl ?? []))
  if (urls.size === 0) return main
  const others = new Map([...urls].map((url) => [url, open(url)]))
  return {
    origin: main.origin,
    send: (request) => (others.get(currentCall().operation.baseUrl ?? '') ?? main).send(request),
    async close() {
      await Promise.all([main, ...others.values()].map((one) => one.close()))
    },
  }
}
