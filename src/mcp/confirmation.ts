import { createHmac } from 'node:crypto'
import { asRecord, isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import type { Operation } from '../document/operations.ts'
import type { Tool } from '../document/tool.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** The person behind a client that offers to ask for input (MCP elicitation), and what came of asking. */
export interface Elicitation {
  /** Absent before anybody was asked. */
  readonly answer?: { readonly agreed: boolean; readonly state: unknown } | undefined
}

/**
 * Reads what a client can do and what it brings back; undefined when it does not offer to ask with a form (a client
 * that names no mode offers forms, MCP 2025-11-25 "Elicitation").
 */
export function readElicitation(
  capabilities: unknown,
  responses?: Readonly<Record<string, unknown>>,
  state?: unknown,
): Elicitation | undefined {
  if (!isObject(capabilities) || capabilities.elicitation === undefined) return undefined
  const { url, form } = asRecord(capabilities.elicitation)
  if (url !== undefined && form === undefined) return undefined
  if (responses === undefined) return {}
  const { action, content } = asRecord(responses[confirmation])
  return { answer: { agreed: action === 'accept' && asRecord(content)[confirmation] === true, state } }
}

/** What a tool answers instead of a result when it needs to ask (MCP 2026-07-28, multi round-trip requests). */
export interface Question {
  readonly resultType: 'input_required'
  readonly inputRequests: Readonly<Record<string, object>>
  readonly requestState: string
}

/** The name under which the person's answer comes back, and of the argument that stands in for it. */
export const confirmation = 'confirm'

/** The argument by which a client that cannot ask confirms a call. */
export const confirmationSchema: JsonSchema = {
  type: 'boolean',
  description:
    'Set to true only when the person has agreed to this very deletion. Clients that can ask the person do so instead.',
}

/** Sees to it that calls of a tool are confirmed, by a person wherever the client can ask one. */
export class Confirmations {
  readonly #key: Uint8Array

  /** The key is random bytes, of this process alone. */
  constructor(key: Uint8Array) {
    this.#key = key
  }

  /**
   * Undefined when the call is confirmed, else the question to ask. An argument is no confirmation where a person
   * can be asked, since a model fills it in by itself. Throws `confirmation_required` or `confirmation_declined`.
   */
  check(
    operation: Operation,
    tool: Tool,
    values: Readonly<Record<string, unknown>>,
    elicitation: Elicitation | undefined,
  ): Question | undefined {
    if (!elicitation) {
      if (values[confirmation] === true) return undefined
      throw new GatewayError('confirmation_required')
    }
    const { answer } = elicitation
    const state = this.#name(tool, values)
    // What was confirmed is this call alone, and no other that a client asks for with the same answer.
    if (answer?.state !== state) return ask(describeCall(operation, tool, values), state)
    if (!answer.agreed) throw new GatewayError('confirmation_declined')
    return undefined
  }

  #name({ name }: Tool, values: Readonly<Record<string, unknown>>): string {
    const sorted = Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1))
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([name, sorted]))
      .digest('base64url')
  }
}

/** The call in words: what it does, and to what. */
function describeCall(
  { parameters }: Operation,
  tool: Tool,
  values: Readonly<Record<string, unknown>>,
): string {
  const ids = parameters
    .filter((one) => one.in === 'path')
    .map(({ name }) => tool.arguments[name] ?? name)
    .map((argument) => `${argument} ${values[argument] ?? 'as set up'}`)
  return `${tool.title.replace(/\.$/, '')}: ${ids.join(', ')}. This cannot be undone. Do you agree?`
}

function ask(message: string, requestState: string): Question {
  const agreed = { type: 'boolean', title: 'Delete', description: 'Delete it for good.' }
  const requestedSchema = {
    type: 'object',
    properties: { [confirmation]: agreed },
    required: [confirmation],
  }
  const request = { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } }
  return { resultType: 'input_required', inputRequests: { [confirmation]: request }, requestState }
}
