import { randomBytes, timingSafeEqual } from 'node:crypto'
import { asRecord, isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import type { Tool } from '../document/tool.ts'
import { errorCatalogue } from '../errors/catalogue.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../state/expiring-map.ts'
import type { Fingerprint } from '../state/fingerprint.ts'
import type { SpendingStore } from '../state/store.ts'
import { type DeletionCall, summarizeDeletion } from './deletion-summary.ts'

/** What a person replied to a question. */
interface ConfirmationReply {
  readonly decision: 'agreed' | 'declined' | 'dismissed'
  readonly state: unknown
}

/** The person behind a client that offers to ask for input (MCP elicitation), and what came of asking. */
export interface Elicitation {
  /** Absent before anybody was asked, and where what came back is no reply to the question. */
  readonly reply?: ConfirmationReply | undefined
  /** Whether the client was to ask, and did not. */
  readonly hasFailed?: true
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
  return { reply: readReply(responses?.[confirmation], state) }
}

/**
 * Asks the person behind a client of the initialize era. The SDK would do so as well, and where the client fails make a
 * result of the words that it fails with. Rejects when the call is cancelled.
 */
export async function askPerson(
  { inputRequests, requestState }: Question,
  send: (question: Question['inputRequests']['confirm']) => Promise<unknown>,
  signal: AbortSignal,
): Promise<Elicitation> {
  try {
    const reply = readReply(await send(inputRequests.confirm), requestState)
    // Asked again, the client would do the same.
    return reply ? { reply } : { hasFailed: true }
  } catch (error) {
    if (signal.aborted) throw error
    return { hasFailed: true }
  }
}

/** Undefined for what no person replied (MCP, "Elicitation", response actions). */
function readReply(response: unknown, state: unknown): ConfirmationReply | undefined {
  const { action, content } = asRecord(response)
  if (action === 'decline') return { decision: 'declined', state }
  if (action === 'cancel') return { decision: 'dismissed', state }
  const agreed = action === 'accept' ? asRecord(content)[confirmation] : undefined
  return typeof agreed === 'boolean' ? { decision: agreed ? 'agreed' : 'declined', state } : undefined
}

/** What a tool returns instead of a result when it needs to ask (MCP 2026-07-28, multi round-trip requests). */
export interface Question {
  readonly resultType: 'input_required'
  readonly inputRequests: { readonly confirm: ReturnType<typeof describeForm> }
  readonly requestState: string
}

/** The name under which the person's reply comes back, and of the argument that stands in for it. */
const confirmation = 'confirm'

/** Names the argument that stands in for the person's reply: `confirm`, or another one where the API has that name. */
export function nameConfirmation(tool: Tool): string {
  const taken = Object.values(tool.arguments)
  let name = confirmation
  while (taken.includes(name)) name += '_deletion'
  return name
}

/** The argument by which a client that cannot ask confirms a call. */
export const confirmationSchema: JsonSchema = {
  type: 'boolean',
  description:
    'Set to true only when the person has agreed to this very deletion. Clients that can ask the person do so instead.',
}

const failedToAsk = 'The client could not ask the person: call again once it can.'
const dismissed =
  'The person dismissed the question: ask what they want, and call again where they want the deletion.'

/** Milliseconds in which a consent may be used. */
const lifetime = 5 * 60_000

/** A call that is to be confirmed. */
export interface ConfirmedCall extends DeletionCall {
  /** Names who makes the call, with the credentials that go upstream. */
  readonly client: string
}

/** What confirmations depend on. */
export interface ConfirmationOptions {
  readonly fingerprint: Pick<Fingerprint, 'sign'>
  readonly store: SpendingStore
  readonly clock: Clock
}

/**
 * Has calls of a tool confirmed, by a person wherever the client can ask one. A question carries a state that the
 * client brings back with the response: when it ends, a random number and a signature (HMAC-SHA-256) of both, the
 * client and the call. The store counts the uses of a state, so that each is used once.
 */
export class Confirmations {
  readonly #options: ConfirmationOptions

  constructor(options: ConfirmationOptions) {
    this.#options = options
  }

  /**
   * Resolves with undefined when the call is confirmed, else with the question to ask. An argument is no confirmation
   * where a person can be asked, since a model fills it in by itself. Rejects with `confirmation_required` or
   * `confirmation_declined`.
   */
  async check(call: ConfirmedCall, elicitation: Elicitation | undefined): Promise<Question | undefined> {
    if (!elicitation) {
      const argument = nameConfirmation(call.tool)
      if (call.values[argument] === true) return undefined
      const { action } = errorCatalogue.confirmation_required
      throw new GatewayError('confirmation_required', { detail: action.replace(confirmation, argument) })
    }
    const { reply, hasFailed } = elicitation
    if (hasFailed) throw new GatewayError('confirmation_required', { detail: failedToAsk })
    if (!reply || !(await this.#spend(call, reply.state))) return ask(call, this.#open(call))
    if (reply.decision === 'declined') throw new GatewayError('confirmation_declined')
    if (reply.decision === 'dismissed') throw new GatewayError('confirmation_required', { detail: dismissed })
    return undefined
  }

  #open(call: ConfirmedCall): string {
    const end = Math.ceil(this.#options.clock() + lifetime)
    const nonce = randomBytes(16).toString('base64url')
    return `${end}.${nonce}.${this.#sign(call, end, nonce)}`
  }

  /** Resolves with whether a state was opened for this very call, has not ended and was not used before. */
  async #spend(call: ConfirmedCall, state: unknown): Promise<boolean> {
    const [end = '', nonce = '', signature = ''] = String(state).split('.')
    const own = Buffer.from(this.#sign(call, Number(end), nonce))
    const given = Buffer.from(signature)
    if (own.length !== given.length || !timingSafeEqual(own, given)) return false
    if (this.#options.clock() > Number(end)) return false
    return this.#options.store.spend(`confirmations:${nonce}`, lifetime)
  }

  #sign({ tool, values, client }: ConfirmedCall, end: number, nonce: string): string {
    const sorted = Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1))
    return this.#options.fingerprint.sign(JSON.stringify([client, tool.name, sorted, end, nonce]))
  }
}

function ask(call: ConfirmedCall, requestState: string): Question {
  const message = `${summarizeDeletion(call)}. This cannot be undone. Do you agree?`
  return {
    resultType: 'input_required',
    inputRequests: { [confirmation]: describeForm(message) },
    requestState,
  }
}

function describeForm(message: string) {
  const agreed = { type: 'boolean', title: 'Delete', description: 'Delete it for good.' } as const
  const properties = { [confirmation]: agreed }
  const requestedSchema = { type: 'object' as const, properties, required: [confirmation] }
  return {
    method: 'elicitation/create' as const,
    params: { mode: 'form' as const, message, requestedSchema },
  }
}
