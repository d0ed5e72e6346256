import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { type CallResult, readMediaType } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import type { Script } from '../recorder.ts'
import type { ErrorFacts } from '../requirements.ts'
import { listDocumentedResponses } from '../rest/documented-responses.ts'
import { findMismatches, toShape } from '../shapes.ts'
import { getArgument, setArgument, toList } from '../values.ts'
import { describeResult } from './boundaries.ts'

/** Clients of one call each: what an error makes the gateway remember of a client meets no other call. */
let clients = 0

/** Responses that are none, and the code each becomes. */
const unusable: Readonly<Record<string, readonly [Script, string]>> = {
  'half a JSON text': [
    (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":'),
    'upstream_invalid_response',
  ],
  'a cut response': [
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
      response.write('{"status":', () => response.destroy())
    },
    'upstream_connection_lost',
  ],
}

/** Errors: Cal.com's own, and those the gateway raises. */
export const errors: Readonly<Record<string, Check>> = {
  async 'error.understood'(context) {
    const { recorder } = context.target
    const valid = await context.makeArguments(context.operation)
    for (const name of new Set([...context.operation.errors, ...listDocumented(context)])) {
      const facts = context.requirements.errors.get(name)
      if (!facts || !recorder) return context.fail(name, 'is not known')
      clients += 1
      recorder.prefer = `code=${facts.status}, example=${name}`
      const result = await context.server.call(context.operation, {
        ...valid,
        clientId: `contract-${clients}`,
      })
      recorder.prefer = undefined
      checkError(context, name, facts, result)
    }
  },

  async 'error.echo'(context) {
    const { recorder, secret } = context.target
    const planted = 'planted-token-5f2e'
    const valid = await context.makeArguments(context.operation)
    if (!recorder) return
    recorder.script = (request, response) => {
      const message = `no ${planted}@example.org for ${secret}`
      const details = {
        errors: [{ target: { planted }, value: planted, property: 'email', constraints: {} }],
      }
      const error = { code: 'BadRequestException', message, details }
      const body = {
        status: 'error',
        timestamp: '2026-11-22T10:00:00.000Z',
        path: `${request.url}?q=${planted}`,
        error,
      }
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const result = await context.server.call(context.operation, valid)
    const arrived = result.text + JSON.stringify(result.body)
    context.expectEqual('status', result.status, 400)
    const [shown] = toList(getArgument(result.body, 'error.details.errors')).map(asRecord)
    for (const member of ['target', 'value'])
      if (JSON.stringify(shown?.[member] ?? '').includes(planted))
        context.fail(`error.details.errors.${member}`, 'repeats what was sent')
    context.expectEqual('error', arrived.includes(planted), false)
    context.expectEqual('x-cal-secret-key', arrived.includes(secret), false)
  },

  async 'response.unusable'(context) {
    const { recorder } = context.target
    const { status, outcome } = context.requirement.values
    for (const [what, [script, code]] of Object.entries(unusable)) {
      const valid = await context.makeArguments(context.operation)
      if (!recorder) return
      recorder.script = script
      recorder.requests.length = 0
      const result = await context.server.call(context.operation, valid)
      recorder.script = undefined
      const said = [result.kind, result.status, result.code, asRecord(result.body).outcome]
      context.expectEqual(what, said, ['gateway_error', status, code, outcome])
    }
  },

  async 'response.late'(context) {
    const { recorder, build } = context.target
    const { milliseconds, status, code, outcome, retryable } = context.requirement.values
    const servers = await build?.({ UPSTREAM_TIMEOUT_MS: String(milliseconds) })
    const server = [servers?.rest, ...(servers?.mcp ?? [])].find((one) => one?.name === context.server.name)
    const valid = await context.makeArguments(context.operation)
    if (!recorder || !server) return
    recorder.script = () => undefined
    const { body, ...result } = await server.call(context.operation, valid)
    recorder.script = undefined
    const problem = asRecord(body)
    context.expectEqual('status', [result.status, result.code], [status, code])
    context.expectEqual('outcome', problem.outcome, outcome)
    context.expectEqual('retryable', problem.retryable, retryable)
  },

  async 'problem.form'(context) {
    const { members, outcomes, prefix, titles } = context.requirement.values
    // A gateway with credentials of its own misses no secret, so a client id that is none is refused.
    const valid = await context.makeArguments(context.operation)
    const values = context.target.configured
      ? setArgument(valid, 'clientId', ' ')
      : setArgument(valid, 'x-cal-secret-key', undefined)
    const { body } = await context.server.call(context.operation, values)
    for (const { place, message } of findMismatches(body, toShape(members), {})) context.fail(place, message)
    const { type, code, outcome, title } = asRecord(body)
    context.expectEqual('title', title, asRecord(titles)[String(code)])
    context.expectEqual('type', type, `${prefix}${code}`)
    context.expectEqual('outcome', [outcomes].flat().includes(outcome), true)
  },
}

/** Lists the errors that the document gives the operation beside: a client may rely on those as well. */
function listDocumented({ operation }: Context): string[] {
  return listDocumentedResponses(readDocument())
    .filter(({ method, path }) => `${method} ${path}` === operation.operation)
    .filter(({ status, mediaType }) => status >= 400 && mediaType === 'application/json')
    .flatMap(({ examples }) => [...examples.keys()])
}

function checkError(context: Context, name: string, facts: ErrorFacts, result: CallResult): void {
  const { status, shape, code } = facts
  const { fail, requirements, server } = context
  const place = (member: string) => `${name}.${member}`
  if (result.kind !== 'upstream_error') {
    fail(name, `expected Cal.com's ${status}, got ${describeResult(result)}`)
    return
  }
  context.expectEqual(place('status'), result.status, status)
  if (code !== undefined) context.expectEqual(place('error.code'), result.code, code)
  // The document takes any of the shapes that an operation can respond with by this status.
  const mismatches = listShapes(context, shape, status)
    .map((name) => [
      ...findMismatches(result.body, requirements.responses[name] ?? 'any', requirements.responses),
      ...listFinePrint(name, asRecord(asRecord(result.body).error)),
    ])
    .reduce((best, one) => (one.length < best.length ? one : best))
  for (const one of mismatches) fail(place(one.place), one.message)
  const { status: word, statusCode, message, error } = asRecord(result.body)
  if (shape === 'bare') context.expectEqual(place('statusCode'), statusCode, status)
  else context.expectEqual(place('status word'), word, 'error')
  const details = asRecord(asRecord(error).details)
  if (details.statusCode !== undefined)
    context.expectEqual(place('error.details.statusCode'), details.statusCode, status)
  if (server.surface !== 'mcp') {
    context.expectEqual(`${name}.content-type`, readMediaType(result.headers), 'application/json')
    return
  }
  // A model reads the text alone: it must say the status, the code and what to do now.
  const told = [String(status), code ?? '', String(asRecord(error).message ?? message ?? ''), 'Next: ']
  for (const words of told) if (!result.text.includes(words)) fail(place('text'), `does not say ${words}`)
}

/** Lists the shapes of all errors that an operation returns with a status, the wanted one first. */
function listShapes({ operation, requirements }: Context, wanted: string, status: number): string[] {
  const shapes = operation.errors.flatMap((name) => {
    const facts = requirements.errors.get(name)
    return facts?.status === status ? [facts.shape] : []
  })
  return [wanted, ...shapes]
}

/** Lists what a shape can not say: a plain error has nothing more, and a validation error lists sentences. */
export function listFinePrint(shape: string, error: Readonly<Record<string, unknown>>) {
  const found = (place: string, message: string) => [{ place, message }]
  const further = Object.keys(error).filter((name) => name !== 'code' && name !== 'message')
  if (shape === 'plain')
    return further.flatMap((name) => found(`error.${name}`, 'has no place in this shape'))
  if (shape !== 'validation') return []
  return [asRecord(error.details).errors ?? []].flat().flatMap((one: unknown) => {
    const { children = [], constraints = {} } = asRecord(one)
    return [
      ...(Array.isArray(children) ? [] : found('error.details.errors.children', 'must be an array')),
      ...(Object.values(asRecord(constraints)).every((words) => typeof words === 'string')
        ? []
        : found('error.details.errors.constraints', 'must hold sentences')),
    ]
  })
}
