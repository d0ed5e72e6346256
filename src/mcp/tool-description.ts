import { covers, findBan, type Grant, type Policy } from '../access/authorization.ts'
import type { Rate } from '../config/environment.ts'
import { asRecord, readOwn } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import type { Operation } from '../document/operations.ts'
import type { Parameter } from '../document/parameters.ts'
import { findResponse } from '../document/responses.ts'
import { nameCredentialHeader, type SecurityScheme } from '../document/security.ts'
import { findArgument, type Tool, toArgumentKey } from '../document/tool.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { type ConfiguredCredentials, findDefaults } from '../upstream/credentials.ts'
import { type BroughtCredential, describeArguments, describeBrought } from './arguments.ts'
import { confirmationSchema, nameConfirmation } from './confirmation.ts'
import { describeOutput } from './output-schema.ts'
import { type SelectResponse, selectDescribed } from './result-redaction.ts'
import { omitSecrets } from './schema-redaction.ts'
import type { OperationFilter } from './tool-selection.ts'

/** What the operator wants of the tools. */
export interface ToolPolicy extends Policy {
  /** Whether secrets of the upstream's responses are kept from MCP. */
  readonly redactTokens: boolean
  /** Whether a deletion needs a confirmation. */
  readonly confirmDelete: boolean
  /** Deletions that a client may make; as many as it likes without. */
  readonly deleteLimit: Rate | undefined
}

/** A tool as `tools/list` shows it; the names are those of MCP. */
export interface ToolDescription {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: JsonSchema
  readonly outputSchema: JsonSchema
  readonly annotations: Tool['annotations'] & { readonly title: string }
}

/** What a gateway makes of an operation's tool, by its policy and by what it holds. */
export interface Offer {
  readonly tool: Tool
  readonly description: ToolDescription
  /** The credentials that are arguments; where a connection brings one, the tool is shown without it. */
  readonly credentials: readonly BroughtCredential[]
  /** Describes the tool without the arguments of what a connection brings, once for each set of credentials. */
  readonly describeWithout: (brought: readonly BroughtCredential[]) => ToolDescription
  /** The ways to give the secret of a call; empty where no client needs to. */
  readonly advice: string
  readonly needsConfirmation: boolean
  /** Cuts a response down to what a model may see; absent where responses are passed on as they came. */
  readonly select?: SelectResponse
}

/** How tools are offered. */
export interface OfferOptions {
  readonly policy: ToolPolicy
  readonly configured: ConfiguredCredentials
  /** Names the environment variables of the credential of a security scheme under stdio: one, or that of a user and a password. */
  readonly nameVariables: (scheme: string) => readonly string[]
}

/**
 * Makes the tool of an operation what clients see of it. Undefined when there is none, when nobody may call it, and
 * when its response has nothing but secrets that nobody would receive.
 */
export function offerTool(
  operation: CheckedOperation,
  { policy, configured, nameVariables }: OfferOptions,
): Offer | undefined {
  const visible = findVisible(operation, policy)
  if (!operation.tool || !visible) return undefined
  const { secrets } = configured
  const brought = operation.security.filter((all) => all.some(({ configuredOnly }) => !configuredOnly))
  const isLent = brought.some((all) => all.every(({ name }) => readOwn(secrets, name) !== undefined))
  const isConfigured = ({ in: place, name: key }: Parameter) =>
    operation.security
      .flat()
      .some((one) => one.in === place && one.key === key && readOwn(secrets, one.name) !== undefined)
  const tool = withoutCredentials(operation, operation.tool, (one) => isLent || isConfigured(one))
  const { name, title, annotations } = tool
  const needsConfirmation = operation.method === 'DELETE' && policy.confirmDelete
  const advice = isLent ? '' : adviseCredential(operation, tool, nameVariables, secrets)
  const describeInput = (offered: Tool) => {
    const schema = describeArguments(operation, offered, advice, findDefaults(operation, configured))
    const properties = { ...asRecord(schema.properties), [nameConfirmation(tool)]: confirmationSchema }
    return needsConfirmation ? { ...schema, properties } : schema
  }
  const notice = visible === operation.success.schema ? '' : ` ${operation.redactedNotice ?? ''}`
  const description = {
    name,
    title,
    description: (tool.description + notice).trim(),
    inputSchema: describeInput(tool),
    outputSchema: describeOutput(
      visible,
      findResponse(operation.responses, operation.success.status)?.content,
    ),
    annotations: { title, ...annotations },
  }
  const described = new Map<string, ToolDescription>()
  const describeWithout = (brought: readonly BroughtCredential[]) => {
    const key = JSON.stringify(brought.map((one) => [one.in, one.name]))
    const known = described.get(key)
    if (known) return known
    const isBrought = (one: Parameter) =>
      brought.some((other) => other.in === one.in && other.name === one.name)
    const rest = withoutCredentials(operation, tool, isBrought)
    const made = { ...description, inputSchema: describeInput(rest) }
    described.set(key, made)
    return made
  }
  return {
    tool,
    advice,
    needsConfirmation,
    description,
    credentials: operation.parameters
      .filter((one) => one.isCredential && Object.hasOwn(tool.arguments, toArgumentKey(tool, one)))
      .map(describeBrought),
    describeWithout,
    // A response without a secret is cut down too: the upstream may put one where the document has none.
    ...(policy.redactTokens && { select: selectDescribed(visible) }),
  }
}

/** Returns whether a client is offered the tool of an operation that it may call and has selected. */
export function isOffered(
  operation: Operation,
  policy: ToolPolicy,
  { grant, selects }: { readonly grant: Grant; readonly selects?: OperationFilter | undefined },
): boolean {
  if (!covers(grant, operation) || selects?.(operation) === false) return false
  return findVisible(operation, policy) !== undefined
}

/** Finds what a client may be told of the success of an operation; undefined where that has no tool. */
function findVisible(operation: Operation, policy: ToolPolicy): JsonSchema | undefined {
  if (!operation.tool || findBan(operation, policy)) return undefined
  const { schema } = operation.success
  return policy.redactTokens ? omitSecrets(schema) : schema
}

/** A configured credential is no argument: no model can give it, see it or be asked for it. */
function withoutCredentials(
  { parameters }: Operation,
  tool: Tool,
  isLeftOut: (credential: Parameter) => boolean,
): Tool {
  const credentials = new Set(
    parameters.filter((one) => one.isCredential && isLeftOut(one)).map((one) => toArgumentKey(tool, one)),
  )
  const kept = Object.entries(tool.arguments).filter(([name]) => !credentials.has(name))
  return { ...tool, arguments: Object.fromEntries(kept) }
}

/**
 * Describes in one sentence how to give the secrets of a call that nobody has configured, by each alternative that a
 * client can bring, the ways that no model sees first; where it can bring none, what to tell the operator. Empty where
 * a call needs no secret.
 */
export function adviseCredential(
  { security }: Pick<Operation, 'security'>,
  tool: Tool,
  nameVariables: OfferOptions['nameVariables'],
  secrets: ConfiguredCredentials['secrets'],
): string {
  const missing = security
    .map((all) => all.filter(({ name }) => readOwn(secrets, name) === undefined))
    .filter((all) => all.length > 0)
  const alternatives = missing.flatMap((all) => {
    const ways = all.map((one) => listWays(one, tool, nameVariables(one.name)))
    return ways.every((one) => one.length > 0)
      ? [ways.map((one) => one.join(', ')).join('; and the secret ')]
      : []
  })
  if (alternatives.length > 0) return `Give the secret ${alternatives.join('; or the secret ')}.`
  const variables = (missing[0] ?? [])
    .filter((one) => listWays(one, tool, []).length === 0)
    .flatMap(({ name }) => nameVariables(name))
  return variables.length > 0 ? `Tell the operator to configure ${variables.join(' and ')}.` : ''
}

/** Lists the ways in which a client brings a credential; none where only the operator can. */
function listWays(
  { in: place, key, prefix, configuredOnly }: SecurityScheme,
  tool: Tool,
  variables: readonly string[],
): string[] {
  const argument = findArgument(tool, { in: place, name: key })
  const hasHeader = nameCredentialHeader(place, key) !== undefined
  if (configuredOnly || (!hasHeader && argument === undefined)) return []
  const value = prefix === '' ? '' : `: ${prefix}…`
  return [
    ...(hasHeader ? [`as the HTTP header ${key}${value} of the MCP request`] : []),
    `over stdio as the environment variable${variables.length > 1 ? 's' : ''} ${variables.join(' and ')}`,
    ...(argument === undefined ? [] : [`or as the argument ${argument}, which a model sees`]),
  ]
}
