import type { UpstreamCall } from './call.ts'
import type { UpstreamRequest } from './interceptor.ts'

/** A write, as far as it tells which responses it makes stale. */
export interface Write extends Pick<UpstreamCall, 'operation'>, Pick<UpstreamRequest, 'method' | 'path'> {}

/**
 * True when a write makes the response of another stale. What is said about a resource is stale after any
 * write to it. A call that names in its body what it acts on (a creation, a refresh) is superseded by a deletion, and
 * one that spends what it carries also by a write without a body, which ends all that there is to spend.
 */
export function isStale(kept: Write, write: Write): boolean {
  const ends = write.method === 'DELETE' || (write.method === 'POST' && write.operation.body === undefined)
  if (kept.operation.singleUse) return ends && shareVariables(kept, write)
  if (!isWithin(kept.path, write.path) && !isWithin(write.path, kept.path)) return false
  if (kept.method !== 'POST' || write.method === 'DELETE') return true
  return kept.operation.body === undefined && write.path === kept.path
}

/** True when both are about the same values of the path variables that both have. */
function shareVariables(one: Write, other: Write): boolean {
  const values = readVariables(one)
  const shared = readVariables(other).filter(([name]) => values.some(([known]) => known === name))
  return shared.every(([name, value]) => values.some(([known, own]) => known === name && own === value))
}

function readVariables({ operation, path }: Write): [string, string][] {
  const segments = path.replace(/\?.*$/s, '').split('/')
  return operation.path
    .split('/')
    .map((segment, index): [string, string] => [segment, segments[index] ?? ''])
    .filter(([segment]) => segment.startsWith('{'))
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`)
}
