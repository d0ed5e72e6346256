import type { OpenApiDocument } from './document.ts'
import { asRecord } from './json.ts'

/**
 * Tells whether a bearer key is enough. One alternative of `security` that is an HTTP bearer scheme, and nothing besides, is enough (OpenAPI 3.0.3,
 * Security Requirement).
 */
export function acceptsBearer(document: OpenApiDocument, security: unknown): boolean {
  const schemes = asRecord(asRecord(document.components).securitySchemes)
  return [security ?? []].flat().some((alternative) => {
    const [name = '', ...others] = Object.keys(asRecord(alternative))
    return others.length === 0 && asRecord(schemes[name]).scheme === 'bearer'
  })
}
