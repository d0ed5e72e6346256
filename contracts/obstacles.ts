import type { OperationFacts, Requirement } from './requirements.ts'
import type { ServerClient } from './server-client.ts'
import type { Target } from './target.ts'

/** Says why a target cannot be tested by a requirement, or nothing. */
export function findObstacle(
  target: Target,
  { needs, id, group, operations }: Requirement,
  { name, tool }: OperationFacts,
  server: ServerClient | undefined,
): string | undefined {
  if (!server) return 'the upstream cannot be called directly'
  if (needs.includes('memory') && !target.remembers) return 'the upstream remembers nothing'
  // Requests to which the recorder responds itself change nothing.
  const isHarmless =
    target.recorder !== undefined && server.surface !== 'upstream' && !needs.includes('memory')
  const isRead = ['list', 'get'].includes(name)
  if (!target.writes && !isHarmless && (needs.includes('memory') || !isRead))
    return 'nothing may be changed without ALLOW_WRITES=1'
  if (needs.includes('second-client') && !target.other)
    return 'there is no second client: set CONTRACT_OTHER_CLIENT_ID and CONTRACT_OTHER_SECRET_KEY'
  if (needs.includes('sight') && !target.recorder) return 'upstream requests cannot be seen'
  if (needs.includes('told') && !target.tellable) return 'the upstream gives no response on demand'
  if (needs.includes('build') && !target.build) return 'the gateway is configured already'
  if (server.surface === 'mcp' && target.policy) {
    const { tools, redactsTokens } = target.policy
    if (operations.length > 0 && !tools.has(tool)) return 'the policy of the gateway does not offer the tool'
    if (redactsTokens && group === 'tokens') return 'the gateway redacts tokens from the results of tools'
  }
  if (
    target.configured &&
    (needs.includes('second-client') || needs.includes('secret') || id.startsWith('secret.'))
  )
    return 'the gateway has configured credentials'
  return undefined
}
