import { isDeepStrictEqual } from 'node:util'
import type { OpenApiDocument } from '../document/document.ts'
import { exposePaths } from '../document/exposed-paths.ts'
import { asRecord, readOwn } from '../document/json.ts'
import { keepOwnExtensions } from '../document/own-extensions.ts'
import { createHeaderReader } from '../document/parameter-reading.ts'
import { readParameter } from '../document/parameters.ts'
import { createSchemaReader } from '../document/schema-reader.ts'
import {
  carries,
  isReserved,
  readSecuritySchemes,
  reserveScheme,
  type SecurityScheme,
} from '../document/security.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import type { ConfiguredCredentials } from '../upstream/credentials.ts'

/** What of a deployment a client has to know. */
export interface Deployment {
  readonly configured: ConfiguredCredentials
  /** Whether clients need a credential of the gateway's own. */
  readonly isGuarded: boolean
  /** Names, in lower case, of the headers that the gateway, or the app around it, reads for itself. */
  readonly reserved: readonly string[]
}

type Part = Readonly<Record<string, unknown>>

/**
 * Describes the document as it holds for the clients of one deployment: credentials that are configured are not asked
 * for, those that clients cannot bring are no alternative, a pinned value is the default, and where the gateway
 * authenticates clients it asks for a bearer credential of its own. Paths are those
 * that are exposed, and extensions those that clients may see. All else is as derived.
 */
export function describeDeployment(derived: OpenApiDocument, deployment: Deployment): OpenApiDocument {
  const document = exposePaths(derived)
  const components = asRecord(document.components)
  const { isGuarded, reserved } = deployment
  const schemes = readSecuritySchemes(document).map((one) => reserveScheme(one, reserved))
  const closed = schemes.filter(({ configuredOnly }) => configuredOnly).map(({ name }) => name)
  const open = Object.entries(asRecord(components.securitySchemes)).filter(([name]) => !closed.includes(name))
  const own = { gatewayCredential }
  const describe = (operations: Part): Part =>
    Object.fromEntries(
      Object.entries(operations).map(([method, one]) => {
        if (method === 'additionalOperations') return [method, describe(asRecord(one))]
        return [method, describeOperation(asRecord(one), document, deployment, schemes)]
      }),
    )
  const paths = Object.entries(document.paths).map(([path, item]) => [path, describe(item)] as const)
  return keepOwnExtensions({
    ...document,
    paths: Object.fromEntries(paths),
    components: {
      ...components,
      securitySchemes: { ...Object.fromEntries(open), ...(isGuarded && own) },
    },
  })
}

const gatewayCredential = {
  type: 'http',
  scheme: 'bearer',
  description: 'A key of the gateway, or an access token for it',
}

function describeOperation(
  operation: Part,
  document: OpenApiDocument,
  { configured, isGuarded, reserved }: Deployment,
  schemes: readonly SecurityScheme[],
): Part {
  const alternatives = [operation.security ?? document.security ?? {}]
    .flat()
    .map((one) => without(asRecord(one), Object.keys(configured.secrets)))
  const isLent = alternatives.some((one) => Object.keys(one).length === 0)
  const bringable = alternatives.filter((one) =>
    schemes.every(({ name, configuredOnly }) => !configuredOnly || !Object.hasOwn(one, name)),
  )
  const different = bringable.filter(
    (one, index) => bringable.findIndex((other) => isDeepStrictEqual(one, other)) === index,
  )
  // A list without alternatives would say that the gateway needs nothing either.
  const own = different.length > 0 ? different : [{}]
  const security = isGuarded ? own.map((one) => ({ ...one, gatewayCredential: [] })) : different
  const parameters = [operation.parameters ?? []]
    .flat()
    .map((one) => describeParameter(asRecord(one), document, configured.pins, isLent ? schemes : []))
    .filter((one) => !isReserved(one, reserved))
  return { ...operation, parameters, security, responses: { ...refusals, ...asRecord(operation.responses) } }
}

/** What a request of any operation can get before the operation is looked at. */
const refusals: Part = Object.fromEntries(
  (['request_timeout', 'uri_too_long', 'expectation_failed', 'headers_too_large'] as const).map((code) => {
    const { status, title } = errorCatalogue[code]
    const content = { 'application/problem+json': { schema: { type: 'object' } } }
    return [status, { description: title, content }]
  }),
)

function without(alternative: Part, names: readonly string[]): Part {
  return Object.fromEntries(Object.entries(alternative).filter(([name]) => !names.includes(name)))
}

function describeParameter(
  parameter: Part,
  document: OpenApiDocument,
  pins: ConfiguredCredentials['pins'],
  lent: readonly SecurityScheme[],
): Part {
  const pinned = parameter['x-pin'] === undefined ? undefined : readOwn(pins, String(parameter.name))
  if (pinned !== undefined) {
    const required = parameter.in === 'path'
    const read = createSchemaReader(document, 'request')
    const value = createHeaderReader(readParameter(parameter, read))(pinned)
    return { ...parameter, required, schema: { ...asRecord(parameter.schema), default: value } }
  }
  const isCredential = lent.some((one) => carries(parameter, one))
  return isCredential ? { ...parameter, required: false } : parameter
}
