/**
 * Revisions of MCP that begin with `initialize`, those of the SDK, which is loaded later. A request that names none
 * belongs to them.
 */
export const initializeVersions: ReadonlySet<unknown> = new Set([
  undefined,
  ...['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'],
])

/** The revision without `initialize`, in which every request says all there is to know about its client. */
export const statelessVersion = '2026-07-28'

/** How long, in milliseconds, a client may keep `tools/list` and `server/discover`: a deployment may change them. */
export const cacheHint = { ttlMs: 300_000, cacheScope: 'private' } as const
