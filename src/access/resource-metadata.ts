import type { FastifyInstance } from 'fastify'
import type { OAuthConfig } from '../config/config.ts'

const wellKnown = '/.well-known/oauth-protected-resource'

/** Returns the URL of the metadata of a resource: the well-known path before the resource's own (RFC 9728 §3.1). */
export function locateMetadata({ audience }: OAuthConfig): string {
  const { origin, pathname, search } = new URL(audience)
  return `${origin}${wellKnown}${pathname === '/' ? '' : pathname}${search}`
}

/**
 * Serves the metadata by which a client finds out where to get an access token (RFC 9728 §2), to everybody: who
 * needs it has no token yet.
 */
export function registerResourceMetadata(
  app: FastifyInstance,
  oauth: OAuthConfig,
  scopes: readonly string[],
): void {
  const { issuer, audience } = oauth
  const metadata = {
    resource: audience,
    authorization_servers: [issuer],
    scopes_supported: scopes,
    bearer_methods_supported: ['header'],
    resource_name: 'calgate',
  }
  // Where challenges lead to, and where clients look that know no more than the endpoint's own path. A colon begins a
  // parameter for the router, two are one.
  const own = new URL(locateMetadata(oauth)).pathname.replaceAll(':', '::')
  for (const path of new Set([own, wellKnown, `${wellKnown}/mcp`]))
    app.route({
      method: ['GET', 'OPTIONS'],
      url: path,
      config: { isPublic: true },
      handler: async () => metadata,
    })
}
