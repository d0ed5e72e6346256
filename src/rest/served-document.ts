import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import type { HeldCredentials } from '../upstream/credentials.ts'

/** What of a deployment a caller has to know. */
export interface Deployment {
  readonly held: HeldCredentials
  /** Whether callers need a credential of the gateway's own. */
  readonly isGuarded: boolean
}

type Part = Readonly<Record<string, unknown>>

/**
 * The document as it holds for the callers of one deployment: a secret is not required where the gateway holds it or a
 * key in its place, the client it belongs to is the default, and a guarded gateway asks for a bearer credential, so that
 * no other one can be given. All else is as derived.
 */
export function describeDeployment(document: OpenApiDocument, deployment: Deployment): OpenApiDocument {
  const { held, isGuarded } = deployment
  if (!held.client && held.apiKey === undefined && !isGuarded) return document
  const components = asRecord(document.components)
  const schemes = asRecord(components.securitySchemes)
  const bearers = Object.keys(schemes).filter((name) => asRecord(schemes[name]).scheme === 'bearer')
  const scheme = {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of the gateway, or an access token for it',
  }
  const paths = Object.entries(document.paths).map(([path, item]): [string, Part] => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([method, one]) => [
        method,
        describeOperation(asRecord(one), deployment, bearers),
      ]),
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

function describeOperation(
  operation: Part,
  { held, isGuarded }: Deployment,
  bearers: readonly string[],
): Part {
  const alternatives = [operation.security ?? {}].flat().map(asRecord)
  const own = alternatives.filter((one) => !Object.keys(one).some((name) => bearers.includes(name)))
  const mayBorrow = held.apiKey !== undefined && own.length < alternatives.length
  const isLent = held.client !== undefined || mayBorrow
  const security = (isLent ? [{}] : own).map((one) => (isGuarded ? { ...one, gatewayCredential: [] } : one))
  const parameters = [operation.parameters ?? []]
    .flat()
    .map((one) => describeParameter(asRecord(one), held.client?.id, isLent))
  return { ...operation, parameters, security }
}

function describeParameter(parameter: Part, pinned: string | undefined, isLent: boolean): Part {
  const schema = asRecord(parameter.schema)
  if (pinned !== undefined && parameter['x-pin'] !== undefined)
    return { ...parameter, schema: { ...schema, default: pinned } }
  return isLent && schema.format === 'password' ? { ...parameter, required: false } : parameter
}
