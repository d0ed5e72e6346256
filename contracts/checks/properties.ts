import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { readDocument } from '../../src/document/document.ts'
import type { CallArguments, CallResult } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import type { RecordedRequest } from '../exchanges.ts'
import { type DescribedArgument, generateArguments, readArguments } from '../generators.ts'
import type { Target } from '../target.ts'
import { setArgument, showValue } from '../values.ts'
import { type ConstraintViolation, listViolations } from '../violations.ts'
import { expectAcceptance, expectRefusal } from './boundaries.ts'

/** Every run tries the same calls. */
const seed = 20_261_122
const runs = 20

/** What the document says of arguments, on every server. */
export const properties: Readonly<Record<string, Check>> = {
  'arguments.accepted': (context) =>
    checkGenerated(context, async (values, probe) => {
      const { result, sent } = await exchange(context, values, values)
      const [place = 'call'] = result.places
      expectAcceptance(probe, place, result, 'the document allows it, so it must be sent')
      compare(probe, describe(context, values), sent && describeSent(sent))
    }),

  async 'arguments.refused'(context) {
    const valid = await context.makeArguments(context.operation)
    for (const violation of listApplicable(context)) {
      const values = setArgument(valid, violation.place, violation.value)
      const { result } = await exchange(context, violation, values)
      const what = `${violation.keyword}: ${showValue(violation.value)} must be refused`
      expectRefusal(context, violation.place, result, what)
    }
  },

  async 'arguments.null'(context) {
    const valid = await context.makeArguments(context.operation)
    const trace = async (name: string, value: unknown) => {
      context.target.recorder?.requests.splice(0)
      const { kind, status, code, places } = await context.server.call(
        context.operation,
        setArgument(valid, name, value),
      )
      return { kind, status, code, places, sent: context.target.recorder?.requests.map(describeWhole) }
    }
    for (const argument of readArguments(readDocument(), context.operation).filter(isOptional))
      context.expectEqual(
        argument.name,
        await trace(argument.name, null),
        await trace(argument.name, undefined),
      )
  },

  async 'arguments.parity'(context) {
    const rest = { ...context, server: context.target.servers.rest }
    await checkGenerated(context, async (values, probe) => {
      const { sent: first } = await recall(rest, values, values)
      const { sent: second } = await recall(context, values, values)
      compare(probe, first && describeWhole(first), second && describeWhole(second))
    })
    const valid = await context.makeArguments(context.operation)
    for (const violation of listApplicable(rest)) {
      const values = setArgument(valid, violation.place, violation.value)
      const [said, expected] = [
        await recall(context, violation, values),
        await recall(rest, violation, values),
      ].map(({ result: { kind, status, code, places } }) => ({ kind, status, code, places }))
      context.expectEqual(violation.place, said, expected)
    }
  },
}

/** A call, and the first request that it sent. */
interface Exchange {
  readonly result: CallResult
  readonly sent: RecordedRequest | undefined
}

/** The exchanges of a target: what one check has called, another compares. */
const exchanges = new WeakMap<Target, Map<string, Exchange>>()

/** Makes a call, and remembers it by what makes it differ from others of its operation. */
async function exchange(context: Context, key: object, values: CallArguments): Promise<Exchange> {
  const { target, operation, server } = context
  target.recorder?.requests.splice(0)
  const result = await server.call(operation, values)
  const made = { result, sent: target.recorder?.requests[0] }
  const known = exchanges.get(target) ?? new Map<string, Exchange>()
  exchanges.set(target, known.set(nameExchange(context, key), made))
  return made
}

/** Returns the exchange that was made already, or makes it. */
async function recall(context: Context, key: object, values: CallArguments): Promise<Exchange> {
  const known = exchanges.get(context.target)?.get(nameExchange(context, key))
  return known ?? exchange(context, key, values)
}

function nameExchange({ operation, server }: Context, key: object): string {
  return JSON.stringify([server.name, operation.name, key])
}

/** Tries generated calls; the smallest that differs is reported. */
async function checkGenerated(
  context: Context,
  tryCall: (values: CallArguments, probe: Context) => Promise<void>,
): Promise<void> {
  const told: { field: string; message: string }[] = []
  const probe: Context = {
    ...context,
    fail: (field, message) => void told.push({ field, message }),
    expectEqual(field, actual, expected) {
      const holds = isDeepStrictEqual(actual, expected)
      if (!holds) probe.fail(field, `expected ${showValue(expected)}, got ${showValue(actual)}`)
      return holds
    },
  }
  const described = readArguments(readDocument(), context.operation)
  const property = fc.asyncProperty(generateArguments(described), async (values) => {
    told.length = 0
    await tryCall(values, probe)
    return told.length === 0
  })
  const { counterexample } = await fc.check(property, {
    seed,
    numRuns: runs,
    interruptAfterTimeLimit: 10_000,
  })
  if (!counterexample) return
  told.length = 0
  await tryCall(counterexample[0], probe)
  const { 'x-cal-secret-key': _, ...shown } = counterexample[0]
  for (const { field, message } of told) context.fail(field, `${message} in ${showValue(shown)}`)
  if (told.length === 0) context.fail('call', `differs now and then: ${showValue(shown)}`)
}

/** Of the ways to break a constraint those that a server can express: a URL has texts only, and no empty variable. */
function listApplicable({ server, operation, target }: Context): ConstraintViolation[] {
  const described = readArguments(readDocument(), operation)
  return listViolations(described).filter(({ place, keyword, value }) => {
    const argument = described.find((one) => one.name === place)
    if (server.surface === 'mcp' && keyword === 'nullable' && argument && isOptional(argument)) return false
    // A gateway with configured credentials has a client id of its own.
    if (target.configured && place === 'clientId' && /^(required|nullable)$/.test(keyword)) return false
    if (server.surface === 'mcp' || argument === undefined || argument.in === 'body') return true
    if (keyword === 'required' || value === undefined || value === '') return false
    return !keyword.endsWith('type') && !keyword.endsWith('nullable') && fits(argument, value)
  })
}

/** Returns whether a tool call may leave an argument out: a secret may come with the connection instead. */
function isOptional({ in: place, required }: DescribedArgument): boolean {
  return place === 'header' || !required
}

/** A header holds visible characters; a comma in a list is two elements. */
function fits(argument: DescribedArgument, value: unknown): boolean {
  if (argument.in === 'header') return /^[\x21-\x7e][\x20-\x7e]*[\x21-\x7e]$/.test(String(value))
  return !Array.isArray(value) || (value.length > 0 && !String(value).includes(',') && String(value) !== '')
}

/** Describes the request that a call must become. */
function describe({ operation }: Context, values: CallArguments): Readonly<Record<string, unknown>> {
  const [method = '', template = ''] = operation.operation.split(' ')
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
  const { body, 'x-cal-secret-key': secret, clientId, userId: _, ...query } = values
  const given = Object.entries(query).map(([name, value]) => [name, String(value)])
  return {
    method,
    path,
    secret,
    clientId,
    ...Object.fromEntries(given),
    ...(body === undefined ? {} : { body }),
  }
}

function describeSent({ method, url, headers, body }: RecordedRequest): Readonly<Record<string, unknown>> {
  const [path = '', query = ''] = url.split('?')
  const { 'x-cal-secret-key': secret, 'x-cal-client-id': clientId } = headers
  const given = Object.fromEntries(new URLSearchParams(query))
  return { method, path, secret, clientId, ...given, ...(body.length > 0 ? { body: readBody(body) } : {}) }
}

/** Describes all of a request but what frames it on the wire. */
function describeWhole({ method, url, headers, body }: RecordedRequest): Readonly<Record<string, unknown>> {
  const framing = ['connection', 'content-length', 'transfer-encoding', 'host']
  const named = Object.entries(headers).filter(([name]) => !framing.includes(name))
  return { method, url, headers: Object.fromEntries(named), body: readBody(body) }
}

function readBody(body: Buffer): unknown {
  return body.length > 0 ? JSON.parse(body.toString()) : undefined
}

function compare(
  probe: Context,
  expected: Readonly<Record<string, unknown>> | undefined,
  actual: Readonly<Record<string, unknown>> | undefined,
): void {
  if (!expected || !actual) probe.fail('call', 'nothing was sent')
  else
    for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)]))
      probe.expectEqual(name, actual[name], expected[name])
}
