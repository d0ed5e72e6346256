import { asRecord } from '../../src/document/json.ts'
import { type CallArguments, type CallResult, readToolResult } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import { makeAddress } from '../valid-arguments.ts'
import { describe } from './boundaries.ts'

/** Members of a user or of a token pair. */
type Data = Readonly<Record<string, unknown>>

/** What Cal.com remembers from one call to the next. Every user here is made for its own testCase. */
export const state: Readonly<Record<string, Check>> = {
  async 'state.create-get'(context) {
    const { user } = await create(context)
    context.expectEqual('data', await expectData(context, 'get', { userId: user.id }), user)
  },

  async 'state.email'(context) {
    const email = makeAddress()
    const rewritten = email.replace('@', `+${context.target.clientId}@`)
    const { user } = await create(context, context.operation.name === 'create' ? { email } : {})
    if (context.operation.name === 'create') return void context.expectEqual('email', user.email, rewritten)
    const changed = await expectData(context, 'update', { userId: user.id, body: { email } })
    context.expectEqual('email', changed.email, rewritten)
  },

  async 'state.conflict'(context) {
    const { status, code } = context.requirement.values
    const email = makeAddress()
    const { user } = await create(context, { email })
    const result = await call(context, 'create', { body: { email, name: 'Ada Example' } })
    context.expectEqual('status', [result.status, result.code], [status, code])
    const message = String(asRecord(asRecord(result.body).error).message)
    context.expectEqual('error.message', message.endsWith(`Existing user ID=${user.id}`), true)
  },

  async 'state.schedule'(context) {
    const { user: without } = await create(context)
    context.expectEqual('defaultScheduleId', without.defaultScheduleId, null)
    const { user } = await create(context, { timeZone: 'Europe/Oslo' })
    context.expectEqual('defaultScheduleId', Number.isSafeInteger(user.defaultScheduleId), true)
    context.expectEqual('timeZone', user.timeZone, 'Europe/Oslo')
  },

  async 'state.defaults'(context) {
    const { user } = await create(context)
    for (const [name, value] of Object.entries(context.requirement.values))
      context.expectEqual(name, user[name], value)
  },

  async 'state.find'(context) {
    const email = makeAddress()
    const { user } = await create(context, { email })
    for (const address of [email, String(user.email)])
      context.expectEqual('emails', await listIds(context, { emails: [address] }), [user.id])
    context.expectEqual('emails', await listIds(context, { emails: [makeAddress()] }), [])
  },

  async 'state.pages'(context) {
    for (let made = 0; made < 3; made += 1) await create(context)
    const all = await listIds(context, { limit: 250 })
    const pages: unknown[] = []
    for (let offset = 0; offset < Math.min(all.length, 6); offset += 2)
      pages.push(...(await listIds(context, { limit: 2, offset })))
    context.expectEqual('offset', pages.slice(0, 6), all.slice(0, 6))
    context.expectEqual('limit', new Set(all).size, all.length)
  },

  async 'state.update'(context) {
    const { user } = await create(context, { timeZone: 'Europe/Oslo', bio: 'Plans meetings' })
    const changed = await expectData(context, 'update', {
      userId: user.id,
      body: { name: 'Bo', timeFormat: 24 },
    })
    context.expectEqual('data', changed, { ...user, name: 'Bo', timeFormat: 24 })
    context.expectEqual('data', await expectData(context, 'update', { userId: user.id, body: {} }), changed)
    context.expectEqual('data', await expectData(context, 'get', { userId: user.id }), changed)
  },

  async 'state.metadata'(context) {
    const { user } = await create(context, { metadata: { tenant: 'acme', seat: 7 } })
    context.expectEqual('metadata', user.metadata, { tenant: 'acme', seat: 7 })
    const body = { metadata: { desk: true } }
    const changed = await expectData(context, 'update', { userId: user.id, body })
    context.expectEqual('metadata', changed.metadata, body.metadata)
  },

  async 'state.clear'(context) {
    const filled = {
      timeZone: 'Europe/Oslo',
      bio: 'b',
      locale: 'no',
      timeFormat: 24,
      avatarUrl: 'https://a.example.org/a',
    }
    const { user } = await create(context, filled)
    for (const name of [context.requirement.values.members].flat().map(String)) {
      const changed = await expectData(context, 'update', { userId: user.id, body: { [name]: null } })
      context.expectEqual(name, changed[name], null)
    }
  },

  async 'state.delete'(context) {
    const { status, code } = context.requirement.values
    const { user } = await create(context)
    context.expectEqual('data', await expectData(context, 'delete', { userId: user.id }), user)
    for (const name of ['get', 'delete']) {
      const result = await call(context, name, { userId: user.id })
      context.expectEqual(`${name} afterwards`, [result.status, result.code], [status, code])
    }
  },

  async 'state.absent'(context) {
    const { status, code, userId } = context.requirement.values
    const body = context.operation.required.includes('body') ? { body: { name: 'Bo' } } : {}
    const result = await call(context, context.operation.name, { userId, ...body })
    context.expectEqual('userId', [result.status, result.code], [status, code])
  },

  async 'state.secret'(context) {
    const { status, code } = context.requirement.values
    const valid = await context.makeArguments(context.operation)
    const result = await context.server.call(context.operation, {
      ...valid,
      'x-cal-secret-key': 'another-secret',
    })
    context.expectEqual('x-cal-secret-key', [result.status, result.code], [status, code])
  },

  async 'state.refresh'(context) {
    const { refreshToken } = await create(context)
    const fresh = await expectData(context, 'refresh', { body: { refreshToken } })
    context.expectEqual('refreshToken', fresh.refreshToken === refreshToken, false)
    const again = await call(context, 'refresh', { body: { refreshToken } })
    if (![context.requirement.values.statuses].flat().includes(again.status))
      context.fail('a second use', `must not give tokens; got ${describe(again)}`)
    await expectData(context, 'refresh', { body: { refreshToken: fresh.refreshToken } })
  },

  async 'state.force-refresh'(context) {
    const { user, refreshToken } = await create(context)
    const fresh = await expectData(context, 'force-refresh', { userId: user.id })
    const old = await call(context, 'refresh', { body: { refreshToken } })
    context.expectEqual('the old refreshToken', old.status, context.requirement.values.status)
    await expectData(context, 'refresh', { body: { refreshToken: fresh.refreshToken } })
  },

  async 'state.expiry'(context) {
    const { leastDays, mostDays } = context.requirement.values
    const { user, refreshToken, ...first } = await create(context)
    const others: Readonly<Record<string, CallArguments>> = {
      'force-refresh': { userId: user.id },
      refresh: { body: { refreshToken } },
    }
    const values = others[context.operation.name]
    const pair = values ? await expectData(context, context.operation.name, values) : first
    const days = (Number(pair.refreshTokenExpiresAt) - Number(pair.accessTokenExpiresAt)) / 86_400_000
    context.expectEqual('refreshTokenExpiresAt', days >= Number(leastDays) && days <= Number(mostDays), true)
  },
}

/** Calls any operation of the contract through the server under report. */
async function call(context: Context, name: string, values: CallArguments): Promise<CallResult> {
  const { requirements, target, server } = context
  const operation = requirements.operations.find((one) => one.name === name)
  if (!operation) return readToolResult({ isError: true })
  return server.call(operation, { 'x-cal-secret-key': target.secret, clientId: target.clientId, ...values })
}

async function expectData(context: Context, name: string, values: CallArguments): Promise<Data> {
  const result = await call(context, name, values)
  if (result.kind !== 'success') context.fail(name, `expected success, got ${describe(result)}`)
  return { ...asRecord(asRecord(result.body).data) }
}

async function create(context: Context, values: Data = {}): Promise<Data & { readonly user: Data }> {
  const body = { email: makeAddress(), name: 'Ada Example', ...values }
  const created = await expectData(context, 'create', { body })
  return { ...created, user: { ...asRecord(created.user) } }
}

async function listIds(context: Context, values: CallArguments): Promise<unknown[]> {
  const result = await call(context, 'list', values)
  if (result.kind !== 'success') context.fail('list', `expected success, got ${describe(result)}`)
  return [asRecord(result.body).data].flat().map((user: unknown) => asRecord(user).id)
}
