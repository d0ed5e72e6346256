import type { OpenApiDocument } from '../contract/document.ts'
import { asRecord } from '../contract/json.ts'
import { findDefaults, type HeldCredentials } from '../upstream/credentials.ts'

/** What of a deployment a caller has to know. */
export interface Deployment {
  readonly held: HeldCredentials
  /** Whether callers need a credential of the gateway's own. */
  readonly isGuarded: boolean
}

type Part = Readonly<Record<string, unknown>>

/**
 * The document as it holds for the callers of one deployment: a secret that the gateway holds is no longer required, the
 * client it belongs to is the default, and a guarded gateway asks for a bearer credential. All else is as derived.
 */
export function describeDeployment(document: OpenApiDocument, deployment: Deployment): OpenApiDocument {
  const { held, isGuarded } = deployment
  if (!held.client && !isGuarded) return document
  const components = asRecord(document.components)
  const schemes = asRecord(components.securitySchemes)
  const scheme = {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of the gateway, or an access token for it',
  }
  const paths = Object.entries(document.paths).map(([path, item]): [string, Part] => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([method, one]) => [method, describeOperation(asRecord(one), deployment)]),
    ),
  ])
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: {
      ...components,
      securitySchemes: isGuarded ? { ...schemes, gatewayCredential: scheme } : schemes,
    },
  }
}

function describeOperation(operation: Part, { held, isGuarded }: Deployment): Part {
  const own = held.client ? [{}] : [operation.security ?? {}].flat().map(asRecord)
  const security = own.map((one) => (isGuarded ? { ...one, gatewayCredential: [] } : one))
  const parameters = [operation.parameters ?? []].flat().map((one) => describeParameter(asRecord(one), held))
  return { ...operation, parameters, security }
}

function describeParameter(parameter: Part, held: HeldCredentials): Part {
  const schema = asRecord(parameter.schema)
  const preset = findDefaults(held)[String(parameter.name)]
  if (preset !== undefined) return { ...parameter, schema: { ...schema, default: preset } }
  return held.client && schema.format === 'password' ? { ...parameter, required: false } : parameter
}
