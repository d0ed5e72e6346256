import { checkBatch, readProtocolVersion } from './batch.ts'
import { type Reply, refuse } from './json-rpc.ts'
import type { ProtocolOptions, Responder } from './protocol.ts'

/** Loads the SDK, which takes a fifth of the CPU time of a start: not before the ports are open. */
export function loadSdk(): Promise<typeof import('./protocol.ts')> {
  return import('./protocol.ts')
}

/**
 * Creates what responds to every body of a POST, a message or a batch, through the SDK. The messages of a batch are
 * handled one after another, so that a batch takes no more than its one slot of the concurrency limit.
 */
export function createSdkResponder(options: ProtocolOptions): Responder {
  let path: Responder | undefined
  const respond: Responder = async (...message) => {
    path ??= (await loadSdk()).createSdkPath(options)
    return path(...message)
  }
  return async (body, headers, context) => {
    if (!Array.isArray(body)) return respond(body, headers, context)
    try {
      checkBatch(body, readProtocolVersion(headers))
    } catch (error) {
      return refuse(error, null)
    }
    const replies: Reply[] = []
    for (const message of body)
      if (!context.connection?.disconnected) replies.push(await respond(message, headers, context))
    return joinReplies(replies)
  }
}

/** Joins the replies of a batch, which has a status of its own only where its messages agree on it. */
function joinReplies(replies: readonly Reply[]): Reply {
  const bodies = replies.flatMap(({ body }) => body || [])
  const statuses = new Set(replies.map(({ status }) => status))
  const [status = 200] = statuses.size === 1 ? statuses : []
  return bodies.length === 0 ? { status } : { status, body: `[${bodies.join()}]` }
}
