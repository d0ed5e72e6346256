import type { OpenApiDocument } from '../../document/document.ts'
import { foldName, matchVariables, relabelKey, splitPathKey } from '../../document/path-template.ts'
import { findFreeName } from '../naming.ts'
import { encodePath } from '../upstream-path.ts'
import { deriveSecurity } from './authentication.ts'
import type { Capability, ConsumedApi, ExposedTool } from './capability-file.ts'
import { listConsumed } from './consumed-operations.ts'
import {
  type ExposedConsumed,
  type Exposure,
  pairExposures,
  type Route,
  readBindings,
  resolveExposures,
} from './exposures.ts'
import { deriveBody, deriveParameter } from './parameters.ts'
import { deriveServers } from './servers.ts'

/** A derived operation and where it comes from. */
export interface DerivedOperation {
  readonly key: string
  readonly method: string
  readonly operation: Readonly<Record<string, unknown>>
  readonly source: ExposedConsumed
}

/**
 * Derives the OpenAPI 3.0.3 document of a capability: everything the capability says, and nothing it leaves open. What
 * it leaves open (schemas, responses, examples) is an overlay's to add.
 */
export function deriveDocument(capability: Capability): OpenApiDocument {
  const { label, description, tags = [], modified = '1' } = capability.info
  const operations = deriveOperations(capability)
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { key, method, operation } of operations) paths[key] = { ...paths[key], [method]: operation }
  const apis = Object.values(capability.capability.consumes)
  const [servers = []] = isOneServer(apis) ? apis.map(deriveServers) : []
  const { schemes } = deriveSecurity(capability, listConsumed(capability))
  return {
    openapi: '3.0.3',
    info: { title: label, version: modified, description },
    servers,
    tags: [{ name: tags.at(-1) ?? label }],
    paths,
    ...(Object.keys(schemes).length > 0 && { components: { securitySchemes: schemes } }),
  }
}

/** Derives the operations of a capability in the order of its consumed side. */
export function deriveOperations(capability: Capability): DerivedOperation[] {
  const consumed = listConsumed(capability)
  const pairs = pairExposures(consumed, resolveExposures(capability, consumed))
  const { label, tags = [] } = capability.info
  const apis = Object.values(capability.capability.consumes)
  const { requirements } = deriveSecurity(capability, consumed)
  const ids = new Set<string>()
  const places = new Set<string>()
  return pairs.map((source) => {
    const { consumed: one } = source
    const method = one.method.toLowerCase()
    const operationId = findFreeName(one.name, (name) => !ids.has(name))
    ids.add(operationId)
    // A path can hold one operation of a method; a further one stands under a label, which is never sent.
    const key = places.has(`${method} ${one.key}`) ? relabelKey(one.key, operationId) : one.key
    places.add(`${method} ${key}`)
    const schemes = requirements.get(one) ?? []
    const operation = {
      operationId,
      summary: one.description ?? one.name,
      tags: [tags.at(-1) ?? label],
      ...(source.route && { 'x-rest-path': deriveRestPath(source.route) }),
      ...(source.tool && { 'x-mcp-tool': deriveTool(source.tool) }),
      ...(Object.keys(one.constants.headers).length > 0 && { 'x-constant-headers': one.constants.headers }),
      parameters: one.parameters.map((parameter) => deriveParameter(parameter, source)),
      ...(one.body && { requestBody: deriveBody(one.body, source) }),
      responses: {},
      ...(!isOneServer(apis) && { servers: deriveServers(one.api) }),
      ...(schemes.length > 0 && { security: [Object.fromEntries(schemes.map((name) => [name, []]))] }),
    }
    return { key, method, operation, source }
  })
}

function isOneServer(apis: readonly ConsumedApi[]): boolean {
  return new Set(apis.map(({ baseUri = '' }) => baseUri)).size <= 1
}

/**
 * A variable keeps its spelling where that is the parameter's name but for case and separators, and that of no other
 * parameter.
 */
function deriveRestPath(route: Exposure<Route>): string {
  const { exposed, target } = route
  const inPath = target?.parameters.filter((one) => one.in === 'path').map(({ name }) => name) ?? []
  const bindings = readBindings(route).filter(({ parameter }) => inPath.includes(parameter))
  const bound = new Map(bindings.map(({ parameter, source = parameter }) => [source, parameter]))
  const { names } = matchVariables(exposed.path, [...bound.keys()])
  const { path } = splitPathKey(exposed.path)
  const renamed = path.replaceAll(/\{([^}]+)\}/g, (spelled, variable: string) => {
    const name = bound.get(names.get(variable) ?? '') ?? variable
    const alike = inPath.filter((one) => foldName(one) === foldName(variable))
    return alike.length === 1 && alike[0] === name ? spelled : `{${name}}`
  })
  return encodePath(renamed)
}

/**
 * Derives a tool, with the capability's hints under their MCP names; a tool that calls an API reaches an open world
 * unless it says not.
 */
function deriveTool(tool: Exposure<ExposedTool>): object {
  const { name, description = name, hints = {} } = tool.exposed
  const { readOnly = false, destructive = true, idempotent = false, openWorld = true } = hints
  return {
    name,
    title: description,
    description,
    annotations: {
      readOnlyHint: readOnly,
      destructiveHint: destructive,
      idempotentHint: idempotent,
      openWorldHint: openWorld,
    },
    arguments: deriveArguments(tool),
  }
}

/**
 * Derives the names of arguments by parameter, `body` for the body. Where two parameters share a name, the further one
 * is `query.name` and its argument `query_name`.
 */
function deriveArguments(tool: Exposure<ExposedTool>): Record<string, string> {
  const { target } = tool
  return Object.fromEntries(
    readBindings(tool).flatMap(({ parameter, source = parameter }) => {
      if (target?.body?.name === parameter) return [['body', source]]
      const [, ...further] = target?.parameters.filter(({ name }) => name === parameter) ?? []
      return [[parameter, source], ...further.map((one) => [`${one.in}.${parameter}`, `${one.in}_${source}`])]
    }),
  )
}
