import type { IncomingHttpHeaders } from 'node:http'
import { isObject } from '../document/json.ts'
import { type Id, RpcError, readId, rpcCodes } from './json-rpc.ts'
import { hasEnvelope } from './messages.ts'

/** JSON-RPC batches came with this revision and ended with it. */
const batchVersion = '2025-03-26'

const longestBatch = 100

/** Reads the revision of an HTTP request; one without counts as of that which had batches. */
export function readProtocolVersion({
  'mcp-protocol-version': version = batchVersion,
}: IncomingHttpHeaders): string {
  return String(version)
}

/** Checks a batch as a whole. Throws an `RpcError` for one that the revision does not have. */
export function checkBatch(messages: readonly unknown[], version: string): void {
  const fault = findFault(messages, version)
  if (fault !== undefined) throw new RpcError(rpcCodes.invalidRequest, fault, 400)
}

/**
 * Reads the id of a message, or those of a batch, for a refusal of the whole body: null where nothing in it has one, and
 * for a batch that the revision does not have.
 */
export function readIds(body: unknown, version: string): Id | readonly Id[] {
  if (!Array.isArray(body) || findFault(body, version) !== undefined) return readId(body)
  const ids = body.map(readId).filter((id) => id !== null)
  return ids.length > 0 ? ids : null
}

function findFault(messages: readonly unknown[], version: string): string | undefined {
  const isLater = version > batchVersion || messages.some((one) => isObject(one) && hasEnvelope(one))
  if (isLater) return `Batches ended with protocol version ${batchVersion}`
  if (messages.length === 0) return 'A batch holds at least one message'
  if (messages.length > longestBatch) return `A batch holds at most ${longestBatch} messages`
  const initializes = messages.some((one) => isObject(one) && one.method === 'initialize')
  return initializes ? 'An initialize request stands alone' : undefined
}
