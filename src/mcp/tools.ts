import type { Operation, Tool } from '../contract/operations.ts'
import type { JsonSchema } from '../contract/schema.ts'
import type { CheckedOperation } from '../contract/validation.ts'
import { GatewayError, type Violation } from '../errors.ts'
import type { Caller } from '../upstream/caller.ts'
import type { Answer, UpstreamClient } from '../upstream/client.ts'
import { type HeldCredentials, hasCredentials } from '../upstream/credentials.ts'
import {
  adviseCredential,
  bindArguments,
  type CredentialSource,
  describeArguments,
  locateByArgument,
} from './arguments.ts'
import { adviseNextStep } from './next-step.ts'
import { describeOutput } from './output-schema.ts'
import { type ToolResult, toFailure, toRefusal, toResult } from './results.ts'

/** A tool as `tools/list` shows it; the names are those of MCP. */
export interface ToolDescription {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: JsonSchema
  readonly outputSchema: JsonSchema
  readonly annotations: Tool['annotations'] & { readonly title: string }
}

/** What a call comes with beside its arguments. */
export interface CallContext {
  readonly credential: CredentialSource
  /** Fires when the caller has gone; only reads are given up for it. */
  readonly signal?: AbortSignal | undefined
  /** Tells whether the answer arrived; that of a write is kept when it did not. */
  readonly caller?: Caller | undefined
}

/** The context of a call that nobody can be found for. */
export const nobody: CallContext = { credential: () => undefined }

/** The tools of the gateway, the same for both protocol eras and both transports. */
export interface Tools {
  /** Every tool, in the document's order. */
  readonly descriptions: readonly ToolDescription[]
  /** Calls a tool. Never throws: whatever goes wrong is a result with `isError`. Undefined without such a tool. */
  call(name: string, values: unknown, context: CallContext): Promise<ToolResult> | undefined
}

/** What the tools need of the gateway. */
export interface ToolOptions {
  readonly operations: readonly CheckedOperation[]
  readonly client: UpstreamClient
  readonly held: HeldCredentials
  /** Seconds the upstream asks its callers to wait, from the headers of an answer. */
  readonly readRetryAfter: (headers: Answer['headers']) => number | undefined
  /** Name of the upstream as a reader knows it. */
  readonly upstreamName: string
  /** Name of the environment variable that holds the secret under stdio. */
  readonly secretVariable: string
  /** Told of an error that nobody foresaw, so that it can be logged. */
  readonly onUnexpectedError: (error: unknown) => void
}

type BoundTool = (values: Readonly<Record<string, unknown>>, context: CallContext) => Promise<ToolResult>

/** Builds the tools of all operations that have one. */
export function createTools(options: ToolOptions): Tools {
  const bound = new Map<string, BoundTool>()
  const descriptions: ToolDescription[] = []
  for (const operation of options.operations) {
    const { tool } = operation
    if (!tool) continue
    const advice = adviseCredential(operation, tool, options.secretVariable)
    descriptions.push(describeTool(operation, tool, advice))
    bound.set(tool.name, bindTool(operation, tool, options))
  }
  return {
    descriptions,
    call: (name, values, context) => bound.get(name)?.({ ...Object(values) }, context),
  }
}

function describeTool(operation: Operation, tool: Tool, advice: string): ToolDescription {
  const { name, title, description, annotations } = tool
  return {
    name,
    title,
    description,
    inputSchema: describeArguments(operation, tool, advice),
    outputSchema: describeOutput(operation.success.schema),
    annotations: { title, ...annotations },
  }
}

function bindTool(operation: CheckedOperation, tool: Tool, options: ToolOptions): BoundTool {
  const advice = adviseCredential(operation, tool, options.secretVariable)
  const call: BoundTool = async (values, { credential, signal, caller }) => {
    const { input, unknown } = bindArguments(operation, tool, values, credential)
    const located = operation.validate(input).map((one) => locateByArgument(operation, tool, one))
    const missing = !hasCredentials(operation, input, options.held)
    if (unknown.length + located.length > 0)
      return refuseArguments([...unknown, ...located], missing ? advice : '')
    if (missing) return toRefusal(new GatewayError('missing_credentials', { detail: advice }), advice)
    // A write that has left is never given up because its caller has gone: its effect would be lost from sight.
    const answer = await options.client.call(operation, input, {
      signal: operation.method === 'GET' ? signal : undefined,
      caller,
    })
    if (answer.status < 400) return toResult(answer)
    const wait = options.readRetryAfter(answer.headers)
    const nextStep = adviseNextStep(answer.status, operation, options.operations, wait)
    return toFailure(answer, options.upstreamName, nextStep)
  }
  return (values, context) =>
    call(values, context).catch((error: unknown) => {
      if (error instanceof GatewayError) return toRefusal(error)
      options.onUnexpectedError(error)
      return toRefusal(new GatewayError('internal_error'))
    })
}

function refuseArguments(violations: readonly Violation[], advice: string): ToolResult {
  const nextStep = `Correct these arguments and call again. ${advice}`.trim()
  return toRefusal(new GatewayError('invalid_argument', { violations }), nextStep)
}
