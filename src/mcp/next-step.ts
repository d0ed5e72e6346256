import type { Operation } from '../document/operations.ts'
import type { Parameter } from '../document/parameters.ts'
import { safeMethods } from '../document/safe-methods.ts'
import { findArgument } from '../document/tool.ts'

/** What is known of an error response beside its status. */
export interface NextStepOptions {
  /** All operations that are served; those that read become the tools that are named. */
  readonly operations: readonly Operation[]
  /** Whether the client is offered the tool of an operation. */
  readonly isOffered: (operation: Operation) => boolean
  /** Seconds that the API asks to wait. */
  readonly retryAfter: number | undefined
  /** Whether the response has a message. */
  readonly isExplained: boolean
}

/**
 * Says what a client should do after an error response of the upstream, in one sentence; it points to the message only
 * where the response has one. The tools it points to are of those that the client is offered, and are found by their
 * paths: the collection an item belongs to, the items of a collection.
 */
export function adviseNextStep(
  status: number,
  operation: Operation,
  { operations, isOffered, retryAfter, isExplained }: NextStepOptions,
): string {
  const { tool, parameters, method, path, singleUse } = operation
  const name = (isNear: (path: string) => boolean) => nameRead(operations, isNear, isOffered)
  const isAround = (other: string) => path.startsWith(`${other}/`)
  const argue = (one: Parameter) => (tool && findArgument(tool, one)) ?? []
  if (status === 401) {
    const [id] = parameters.filter(({ pin }) => pin?.credential !== undefined).flatMap(argue)
    return id === undefined
      ? 'Check the credentials; repeating the call changes nothing.'
      : `Check ${id} and the secret, which must belong to it; repeating the call changes nothing.`
  }
  if (singleUse && status < 429 && status !== 403)
    return `What this call spends may be spent already, so that repeating it changes nothing. ${operation.recovery ?? ''}`.trim()
  if (status === 403) return 'Use credentials that may do this; repeating the call changes nothing.'
  if (status === 404) {
    // What no argument stands for, no client can correct.
    const ids = parameters.filter((one) => one.in === 'path').flatMap(argue)
    const collection = name((other) => isAround(other) && !other.endsWith('}'))
    return `Check ${ids.join(' and ') || 'the arguments'}${collection ? `; ${collection} lists what exists` : ''}.`
  }
  const isItem = (other: string) =>
    other.startsWith(`${path}/`) && /^\{[^/]*\}$/.test(other.slice(path.length + 1))
  const item = name(isItem)
  if (status === 409 && (method === 'PUT' || method === 'PATCH'))
    return 'Another record has a value that must be unique: choose another value, or leave it as it is.'
  if (status === 409 && method === 'POST' && operations.some((one) => isItem(one.path)))
    return `It exists already${item ? `: read it with ${item}` : ''}; do not create it again.`
  if (status === 409) {
    const state = name((other) => other === path) ?? name(isAround)
    return `The state of the record does not allow this${state ? `: read it with ${state}` : ''}; repeating the call changes nothing.`
  }
  const wait = retryAfter === undefined ? undefined : `Wait ${retryAfter} seconds, then call again.`
  if (status === 429) return wait ?? 'Wait a minute, then call again.'
  if (status < 500)
    return isExplained
      ? 'Correct the arguments as the message says, then call again.'
      : 'Correct the arguments, then call again; the response does not say what is wrong.'
  if (safeMethods.has(method)) return wait ?? 'Call again later.'
  const look = item ?? name(isAround)
  return `Nobody can tell whether the call took effect: ${look ? `read the state with ${look}` : 'read the state'} before you repeat it.`
}

/** Names the tool that reads the longest path of those asked for. */
function nameRead(
  operations: readonly Operation[],
  isNear: (path: string) => boolean,
  isOffered: (operation: Operation) => boolean,
): string | undefined {
  return operations
    .filter(({ method, tool, path }) => method === 'GET' && tool !== undefined && isNear(path))
    .filter(isOffered)
    .toSorted((one, other) => other.path.length - one.path.length)[0]?.tool?.name
}
