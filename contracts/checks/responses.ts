import { asRecord } from '../../src/document/json.ts'
import { readMediaType } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import { findMismatches } from '../shapes.ts'
import { showValue } from '../values.ts'
import { describeResult } from './boundaries.ts'
import { callThreeWays } from './problems.ts'

/** A response with members and values that no document foresaw. */
const unforeseen =
  '{"status":"success", "data":{"id":12345678901234567890,"extra":[1.50,"\\u0041"],"email":null},"more":{"\\udfff":true}}'

/** Cal.com's successes as they arrive. */
export const responses: Readonly<Record<string, Check>> = {
  async 'response.status'(context) {
    const result = await context.callValid()
    if (result.kind !== 'success') context.fail('status', `expected success, got ${describeResult(result)}`)
    else if (context.server.surface !== 'mcp')
      context.expectEqual('status', result.status, context.operation.success)
  },

  async 'response.members'(context) {
    const result = await context.callValid()
    const { responses: shapes } = context.requirements
    const shape = { status: 'string', ...context.operation.response }
    const redacts = context.server.surface === 'mcp' && context.target.policy?.redactsTokens
    for (const { place, message } of findMismatches(result.body, shape, shapes))
      if (!redacts || !/Token/.test(place)) context.fail(place, message)
    checkFigures(context, result.body)
    if (context.server.surface === 'mcp') return checkText(context, result.text, result.body)
    const { type, safe, vary } = context.requirement.values
    context.expectEqual('content-type', readMediaType(result.headers), type)
    // A proxy before a gateway that runs elsewhere adds headers of its own.
    if (context.server !== context.target.servers.rest || !context.target.build) return
    const foreign = Object.keys(result.headers).filter((name) => ![safe].flat().includes(name))
    context.expectEqual('headers', foreign, [])
    context.expectEqual('vary', result.headers.vary, vary)
  },

  async 'response.whole'(context) {
    const { recorder } = context.target
    const values = await context.makeArguments(context.operation)
    if (!recorder) return
    recorder.script = (_request, response) =>
      response.writeHead(context.operation.success, { 'content-type': 'application/json' }).end(unforeseen)
    const result = await context.server.call(context.operation, values)
    context.expectEqual('text', result.text, unforeseen)
    context.expectEqual('response', result.body, JSON.parse(unforeseen))
    if (context.server.surface === 'rest')
      context.expectEqual('status', result.status, context.operation.success)
  },

  async 'response.safe'(context) {
    const { recorder } = context.target
    const { kept = {}, dropped = {} } = context.requirement.values
    const values = await context.makeArguments(context.operation)
    if (!recorder) return
    recorder.script = (_request, response) =>
      response
        .writeHead(context.operation.success, {
          'content-type': 'application/json; charset=utf-8',
          ...asRecord(kept),
          ...asRecord(dropped),
        })
        .end('{"status":"success","data":{}}')
    const { headers } = await context.server.call(context.operation, values)
    for (const [name, value] of Object.entries(asRecord(kept)))
      context.expectEqual(name, headers[name], value)
    for (const name of Object.keys(asRecord(dropped))) context.expectEqual(name, headers[name], undefined)
  },

  async 'response.rate-headers'(context) {
    const { names, longest } = context.requirement.values
    const { headers } = await context.callValid()
    for (const name of Object.values(asRecord(names)).map(String))
      if (!/^\d+$/.test(String(headers[name])))
        context.fail(name, `must be a number, got ${showValue(headers[name])}`)
    const { limit, remaining, reset } = asRecord(names)
    const read = (name: unknown) => Number(headers[String(name)])
    if (read(remaining) > read(limit)) context.fail(String(remaining), 'is more than the limit')
    if (read(reset) > Number(longest))
      context.fail(String(reset), `must be at most ${longest} seconds, got ${headers[String(reset)]}`)
    if (read(remaining) === 0 && read(reset) > 1) {
      const { status = 0 } = await context.server.call(
        context.operation,
        await context.makeArguments(context.operation),
      )
      if (status < 400) context.fail(String(remaining), 'is 0, and a further call succeeded')
    }
  },

  async 'response.request-id'(context) {
    const name = String(context.requirement.values.name)
    const ids = (await callThreeWays(context)).map(({ headers }) => headers[name])
    for (const id of ids) if (!id) context.fail(name, 'is missing')
    context.expectEqual(name, new Set(ids).size, ids.length)
  },
}

/** Checks what a type cannot say: who succeeded, moments in milliseconds, ids that are ids. */
export function checkFigures(
  { expectEqual, fail }: Pick<Context, 'expectEqual' | 'fail'>,
  body: unknown,
): void {
  const { status, data } = asRecord(body)
  expectEqual('status', status, 'success')
  for (const holder of [data].flat()) {
    const user = asRecord(holder).user ?? holder
    const { id, createdDate } = asRecord(user)
    if (id !== undefined && !(Number(id) >= 1 && Number(id) <= 2_147_483_647)) fail('id', `${id} is no id`)
    if (createdDate !== undefined && !isMoment(createdDate))
      fail('createdDate', 'is no ISO 8601 moment in UTC')
    for (const name of ['accessTokenExpiresAt', 'refreshTokenExpiresAt']) {
      const moment = asRecord(holder)[name]
      // Seconds since the epoch would lie before 1971 when read as milliseconds.
      if (moment !== undefined && !(Number(moment) > 1e12)) fail(name, `${moment} are no milliseconds`)
    }
  }
}

/** Returns whether a value is a moment as Cal.com writes it: ISO 8601 in UTC, with milliseconds. */
export function isMoment(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)
}

/** Checks that the text a model reads says what the structured content says. */
function checkText({ expectEqual, fail }: Context, text: string, body: unknown): void {
  try {
    expectEqual('content', JSON.parse(text), body)
  } catch {
    fail('content', 'the text of the result is no JSON')
  }
}
