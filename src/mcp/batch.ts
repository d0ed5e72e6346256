import { isObject } from '../document/json.ts'
import { RpcError, rpcCodes } from './json-rpc.ts'

/** JSON-RPC batches came with this revision and ended with it. A request without a revision counts as of it. */
export const batchVersion = '2025-03-26'

const longestBatch = 100

/** Checks a batch as a whole. Throws an `RpcError` for one that the revision does not have. */
export function checkBatch(messages: readonly unknown[], version: string): void {
  const fault = findFault(messages, version)
  if (fault !== undefined) throw new RpcError(rpcCodes.invalidRequest, fault, 400)
}

function findFault(messages: readonly unknown[], version: string): string | undefined {
  if (version > batchVersion) return `Batches ended with protocol version ${batchVersion}`
  if (messages.length === 0) return 'A batch holds at least one message'
  if (messages.length > longestBatch) return `A batch holds at most ${longestBatch} messages`
  const initializes = messages.some((one) => isObject(one) && one.method === 'initialize')
  return initializes ? 'An initialize request stands alone' : undefined
}
