import type { OpenApiDocument } from '../../document/document.ts'
import type { Tool } from '../../document/tool.ts'
import type {
  Capability,
  ConsumedOperation,
  ExposedOperation,
  ExposedTool,
  InputParameter,
} from './capability-schema.ts'

interface Exposure {
  readonly rest?: ExposedOperation & { readonly path: string }
  readonly tool?: ExposedTool
}

/**
 * Derives the OpenAPI document of a capability: everything the capability says, and nothing it leaves open. What
 * it leaves open (schemas, error answers, examples) is the overlay's to add.
 */
export function deriveDocument(capability: Capability): OpenApiDocument {
  const { label, description, tags = [], modified = '1' } = capability.info
  const tag = tags.at(-1) ?? label
  const exposures = readExposures(capability)
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { namespace, resources } of capability.capability.consumes)
    for (const { path, operations } of resources)
      for (const operation of operations) {
        const exposure = exposures.get(`${namespace}.${operation.name}`) ?? {}
        paths[path] = {
          ...paths[path],
          [operation.method.toLowerCase()]: deriveOperation(operation, exposure, tag),
        }
      }
  return {
    openapi: '3.0.3',
    info: { title: label, version: modified, description },
    servers: [{ url: '/v1' }],
    tags: [{ name: tag }],
    paths,
  }
}

/** What the surfaces make of each consumed operation, by the name a `call` uses. */
function readExposures({ capability }: Capability): ReadonlyMap<string, Exposure> {
  const exposures = new Map<string, Exposure>()
  for (const surface of capability.exposes) {
    if (surface.type === 'mcp')
      for (const tool of surface.tools) exposures.set(tool.call, { ...exposures.get(tool.call), tool })
    else
      for (const { path, operations } of surface.resources)
        for (const operation of operations)
          exposures.set(operation.call, { ...exposures.get(operation.call), rest: { ...operation, path } })
  }
  return exposures
}

function deriveOperation(operation: ConsumedOperation, { rest, tool }: Exposure, tag: string): object {
  const { name, description = name, inputParameters = [] } = operation
  const body = inputParameters.find((one) => one.in === 'body')
  return {
    operationId: name,
    summary: description,
    tags: [tag],
    ...(rest && { 'x-rest-path': rest.path }),
    ...(tool && { 'x-mcp-tool': deriveTool(tool) }),
    parameters: inputParameters.filter((one) => one.in !== 'body').map(deriveParameter),
    ...(body && { requestBody: deriveBody(body) }),
    responses: {},
  }
}

/** The capability's hints under their MCP names; a tool that calls an API reaches an open world unless it says not. */
function deriveTool({ name, description = name, hints = {}, with: bindings = {} }: ExposedTool): Tool {
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
    arguments: Object.fromEntries(
      Object.entries(bindings).map(([parameter, source]) => [parameter, source.replace(/^tools\./, '')]),
    ),
  }
}

function deriveParameter({ name, in: place, type, description, required = false }: InputParameter): object {
  return {
    name,
    in: place,
    required: required || place === 'path',
    ...(description && { description }),
    schema: type === 'array' ? { type, items: {} } : { type },
  }
}

function deriveBody({ type, description, required = false }: InputParameter): object {
  return {
    ...(description && { description }),
    required,
    content: { 'application/json': { schema: { type } } },
  }
}
