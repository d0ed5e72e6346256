import { isDeepStrictEqual } from 'node:util'
import { asRecord } from '../../src/document/json.ts'
import { readMediaType } from '../call-result.ts'
import { type Check, type Context, NotTested } from '../context.ts'
import { type Exchange, readOperation } from '../exchanges.ts'
import { findContradictions } from '../expected-users.ts'
import { findMismatches } from '../shapes.ts'
import { parseJson, showValue, toList } from '../values.ts'
import { listFinePrint } from './errors.ts'
import { checkFigures, isMoment } from './responses.ts'
import { checkExpiry } from './tokens.ts'

/** What every response of a run must be, also those that no other requirement looks at. */
export const recorded: Readonly<Record<string, Check>> = {
  async 'response.recorded'(context) {
    const reporter = reportOnce(context)
    for (const exchange of await listExchanges(context))
      if (exchange.result.kind === 'success') checkSuccess(reporter, exchange)
      else checkError(reporter, exchange)
  },

  async 'state.recorded'(context) {
    await listExchanges(context)
    const { target, requirements, server, operation } = context
    const isUpstream = server.surface === 'upstream'
    const exchanges = target.exchanges.filter((one) => (one.server === 'Cal.com') === isUpstream)
    const tenants = [target, ...(target.other ? [target.other] : [])]
    const { fail } = reportOnce(context)
    for (const found of findContradictions(exchanges, requirements, tenants))
      if (found.operation === operation && found.exchange.server === server.name)
        fail(found.field, found.message)
  },

  async 'headers.recorded'(context) {
    const { cache, id, foreign } = context.requirement.values
    const { fail, expectEqual } = reportOnce(context)
    const ids = new Set<unknown>()
    for (const { result, hasIdempotencyKey } of await listExchanges(context)) {
      const { headers } = result
      const directives = String(headers['cache-control']).split(/\s*,\s*/)
      if (!directives.includes(String(cache))) expectEqual('cache-control', headers['cache-control'], cache)
      checkCharset({ fail }, result)
      for (const name of toList(foreign).map(String)) expectEqual(name, headers[name], undefined)
      const own = headers[String(id)]
      // What a key repeats is the first response with all its headers.
      if (!hasIdempotencyKey && (own === undefined || ids.has(own)))
        fail(String(id), `expected an id of its own, got ${showValue(own)}`)
      ids.add(own)
    }
  },

  async 'etag.recorded'(context) {
    const { fail } = reportOnce(context)
    const seen = new Map<string, unknown>()
    for (const { method, path, result } of await listExchanges(context)) {
      const { etag } = result.headers
      if (method !== 'GET' || etag === undefined || result.kind !== 'success') continue
      const key = `${etag} ${path}`
      const known = seen.get(key) ?? result.body
      if (!isDeepStrictEqual(known, result.body))
        fail('etag', `two responses that differ have the entity tag ${showValue(etag)}`)
      seen.set(key, known)
    }
  },

  async 'result.text'(context) {
    const { fail, expectEqual } = reportOnce(context)
    for (const { result } of await listExchanges(context)) {
      expectEqual('content', result.parts, 1)
      if (result.kind === 'success' && 'error' in asRecord(result.body))
        fail('isError', 'an error is told as a success')
      if (result.kind === 'success' && !isDeepStrictEqual(parseJson(result.text), result.body))
        fail('content[0].text', 'is not the structured content')
    }
  },

  async 'token.recorded'(context) {
    const reporter = reportOnce(context)
    const own = await listExchanges(context)
    const seen = new Set<unknown>()
    for (const exchange of context.target.exchanges) {
      const pair = asRecord(asRecord(exchange.result.body).data)
      if (exchange.server !== context.server.name || !('accessToken' in pair)) continue
      const isOwn = own.includes(exchange)
      for (const name of ['accessToken', 'refreshToken']) {
        if (isOwn && seen.has(pair[name])) reporter.fail(name, 'is the same as another token of the run')
        seen.add(pair[name])
      }
      if (isOwn) checkExpiry(reporter, '', pair, exchange.at)
    }
  },
}

/** Lists the exchanges of the operation with the server, those of the life of some users at least. */
async function listExchanges({
  observe,
  target,
  server,
  operation,
  requirements,
}: Context): Promise<readonly Exchange[]> {
  await observe()
  const own = target.exchanges.filter(
    (one) =>
      one.server === server.name && readOperation(one, requirements.operations)?.operation === operation,
  )
  if (own.length === 0) throw new NotTested('no call of the operation was recorded')
  return own
}

/** Returns the context, but only the first difference of each member is reported. */
function reportOnce(context: Context): Context {
  const fields = new Set<string>()
  const fail = (field: string, message: string) => {
    if (!fields.has(field)) context.fail(field, message)
    fields.add(field)
  }
  const expectEqual = (field: string, actual: unknown, expected: unknown) => {
    if (actual !== expected) fail(field, `expected ${showValue(expected)}, got ${showValue(actual)}`)
    return actual === expected
  }
  return { ...context, fail, expectEqual }
}

function checkSuccess(context: Context, { result }: Exchange): void {
  const { operation, requirements } = context
  context.expectEqual('status', result.status, operation.success)
  context.expectEqual('content-type', readMediaType(result.headers), 'application/json')
  checkCharset(context, result)
  const shape = { status: 'string', ...operation.response }
  for (const { place, message } of findMismatches(result.body, shape, requirements.responses))
    context.fail(place.replaceAll(/\[\d+\]/g, ''), message)
  checkFigures(context, result.body)
}

/** JSON is UTF-8 (RFC 8259 §8.1): a reader who believes another charset breaks every letter that is not ASCII. */
function checkCharset({ fail }: Pick<Context, 'fail'>, { headers }: Exchange['result']): void {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(String(headers['content-type']))?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    fail('content-type', `must be UTF-8, says ${charset}`)
}

/** Checks that an error is one of those that the operation can return, whole, and about this call. */
function checkError(context: Context, { path, result, at }: Exchange): void {
  const { operation, requirements } = context
  const { kind, status, code, body, reason } = result
  const shapes = operation.errors
    .map((name) => requirements.errors.get(name))
    .filter((one) => one?.status === status && one?.code === code)
    .map((one) => one?.shape ?? '')
  if (shapes.length === 0) {
    const message = kind === 'broken' ? reason : `${status} ${code ?? ''} is no error of the operation`
    context.fail('status', message)
    return
  }
  const [mismatches = []] = shapes
    .map((shape) => [
      ...findMismatches(body, requirements.responses[shape] ?? 'any', requirements.responses),
      ...listFinePrint(shape, asRecord(asRecord(body).error)),
    ])
    .sort((a, b) => a.length - b.length)
  for (const { place, message } of mismatches) context.fail(`${status} ${place}`, message)
  context.expectEqual('content-type', readMediaType(result.headers), 'application/json')
  const { status: word, timestamp, path: said, error } = asRecord(body)
  if (error === undefined) return
  context.expectEqual(`${status} status word`, word, 'error')
  const { statusCode = status } = asRecord(asRecord(error).details)
  context.expectEqual(`${status} error.details.statusCode`, statusCode, status)
  const minutes = Number(context.requirement.values.minutes)
  if (!isMoment(timestamp) || !(Math.abs(at - Date.parse(String(timestamp))) <= minutes * 60_000))
    context.fail(`${status} timestamp`, `${showValue(timestamp)} is not the time of the error`)
  context.expectEqual(`${status} path`, String(said).split('?')[0], path.split('?')[0])
}
