import type { Operation } from '../document/operations.ts'
import { safeMethods } from '../document/safe-methods.ts'
import { findArgument } from '../document/tool.ts'

/**
 * Says what a client should do after an error response of the upstream, in one sentence; it points to the message only
 * where the response has one. The other tools it points to
 * are found by their paths: the collection an item belongs to, the items of a collection.
 */
export function adviseNextStep(
  status: number,
  operation: Operation,
  operations: readonly Operation[],
  retryAfter: number | undefined,
  isExplained = true,
): string {
  const reads = operations.filter(({ method, tool }) => method === 'GET' && tool !== undefined)
  const collection = reads.find(({ path }) => operation.path.startsWith(`${path}/`))?.tool?.name
  const item = reads.find(({ path }) => path.startsWith(`${operation.path}/{`))?.tool?.name
  const { tool, parameters } = operation
  const ids = parameters
    .filter((one) => one.in === 'path')
    // What no argument stands for, no client can correct.
    .flatMap((one) => (tool && findArgument(tool, one)) ?? [])
  const look = item ?? collection
  if (status === 401)
    return ids[0] === undefined
      ? 'Check the credentials; repeating the call changes nothing.'
      : `Check ${ids[0]} and the secret, which must belong to it; repeating the call changes nothing.`
  if (operation.singleUse && status < 429 && status !== 403)
    return `What this call spends may be spent already, so that repeating it changes nothing. ${operation.recovery ?? ''}`.trim()
  if (status === 403) return 'Use credentials that may do this; repeating the call changes nothing.'
  if (status === 404)
    return `Check ${ids.join(' and ') || 'the arguments'}${collection ? `; ${collection} lists what exists` : ''}.`
  if (status === 409 && operation.method !== 'POST')
    return 'Another record has a value that must be unique: choose another value, or leave it as it is.'
  if (status === 409)
    return `It exists already${item ? `: read it with ${item}` : ''}; do not create it again.`
  if (status === 429)
    return `Wait ${retryAfter === undefined ? 'a minute' : `${retryAfter} seconds`}, then call again.`
  if (status < 500)
    return isExplained
      ? 'Correct the arguments as the message says, then call again.'
      : 'Correct the arguments, then call again; the response does not say what is wrong.'
  if (safeMethods.has(operation.method)) return 'Call again later.'
  return `Nobody can tell whether the call took effect: ${look ? `read the state with ${look}` : 'read the state'} before you repeat it.`
}
