import type { Prover, Scene } from '../judge.ts'
import { makeAddress } from '../subject.ts'
import { type CallArguments, readToolResult, type Verdict } from '../verdict.ts'
import { describe } from './boundaries.ts'

/** Members of a user or of a token pair. */
type Data = Readonly<Record<string, unknown>>

/** What Cal.com remembers from one call to the next. Every user here is made for its own trial. */
export const state: Readonly<Record<string, Prover>> = {
  async 'state.create-get'(scene) {
    const { user } = await create(scene)
    scene.check('data', await expectData(scene, 'get', { userId: user.id }), user)
  },

  async 'state.email'(scene) {
    const email = makeAddress()
    const rewritten = email.replace('@', `+${scene.target.clientId}@`)
    const { user } = await create(scene, scene.operation.name === 'create' ? { email } : {})
    if (scene.operation.name === 'create') return void scene.check('email', user.email, rewritten)
    const changed = await expectData(scene, 'update', { userId: user.id, body: { email } })
    scene.check('email', changed.email, rewritten)
  },

  async 'state.conflict'(scene) {
    const { status, code } = scene.requirement.values
    const email = makeAddress()
    const { user } = await create(scene, { email })
    const verdict = await call(scene, 'create', { body: { email, name: 'Ada Example' } })
    scene.check('status', [verdict.status, verdict.code], [status, code])
    const message = String(Object(Object(verdict.body).error).message)
    scene.check('error.message', message.endsWith(`Existing user ID=${user.id}`), true)
  },

  async 'state.schedule'(scene) {
    const { user: without } = await create(scene)
    scene.check('defaultScheduleId', without.defaultScheduleId, null)
    const { user } = await create(scene, { timeZone: 'Europe/Oslo' })
    scene.check('defaultScheduleId', Number.isSafeInteger(user.defaultScheduleId), true)
    scene.check('timeZone', user.timeZone, 'Europe/Oslo')
  },

  async 'state.defaults'(scene) {
    const { user } = await create(scene)
    for (const [name, value] of Object.entries(scene.requirement.values)) scene.check(name, user[name], value)
  },

  async 'state.find'(scene) {
    const email = makeAddress()
    const { user } = await create(scene, { email })
    for (const address of [email, String(user.email)])
      scene.check('emails', await listIds(scene, { emails: [address] }), [user.id])
    scene.check('emails', await listIds(scene, { emails: [makeAddress()] }), [])
  },

  async 'state.pages'(scene) {
    for (let made = 0; made < 3; made += 1) await create(scene)
    const all = await listIds(scene, { limit: 250 })
    const pages: unknown[] = []
    for (let offset = 0; offset < Math.min(all.length, 6); offset += 2)
      pages.push(...(await listIds(scene, { limit: 2, offset })))
    scene.check('offset', pages.slice(0, 6), all.slice(0, 6))
    scene.check('limit', new Set(all).size, all.length)
  },

  async 'state.update'(scene) {
    const { user } = await create(scene, { timeZone: 'Europe/Oslo', bio: 'Plans meetings' })
    const changed = await expectData(scene, 'update', {
      userId: user.id,
      body: { name: 'Bo', timeFormat: 24 },
    })
    scene.check('data', changed, { ...user, name: 'Bo', timeFormat: 24 })
    scene.check('data', await expectData(scene, 'update', { userId: user.id, body: {} }), changed)
    scene.check('data', await expectData(scene, 'get', { userId: user.id }), changed)
  },

  async 'state.metadata'(scene) {
    const { user } = await create(scene, { metadata: { tenant: 'acme', seat: 7 } })
    scene.check('metadata', user.metadata, { tenant: 'acme', seat: 7 })
    const body = { metadata: { desk: true } }
    const changed = await expectData(scene, 'update', { userId: user.id, body })
    scene.check('metadata', changed.metadata, body.metadata)
  },

  async 'state.clear'(scene) {
    const filled = {
      timeZone: 'Europe/Oslo',
      bio: 'b',
      locale: 'no',
      timeFormat: 24,
      avatarUrl: 'https://a.example.org/a',
    }
    const { user } = await create(scene, filled)
    for (const name of [scene.requirement.values.members].flat().map(String)) {
      const changed = await expectData(scene, 'update', { userId: user.id, body: { [name]: null } })
      scene.check(name, changed[name], null)
    }
  },

  async 'state.delete'(scene) {
    const { status, code } = scene.requirement.values
    const { user } = await create(scene)
    scene.check('data', await expectData(scene, 'delete', { userId: user.id }), user)
    for (const name of ['get', 'delete']) {
      const verdict = await call(scene, name, { userId: user.id })
      scene.check(`${name} afterwards`, [verdict.status, verdict.code], [status, code])
    }
  },

  async 'state.absent'(scene) {
    const { status, code, userId } = scene.requirement.values
    const body = scene.operation.required.includes('body') ? { body: { name: 'Bo' } } : {}
    const verdict = await call(scene, scene.operation.name, { userId, ...body })
    scene.check('userId', [verdict.status, verdict.code], [status, code])
  },

  async 'state.secret'(scene) {
    const { status, code } = scene.requirement.values
    const sound = await scene.sound(scene.operation)
    const verdict = await scene.door.call(scene.operation, { ...sound, 'x-cal-secret-key': 'another-secret' })
    scene.check('x-cal-secret-key', [verdict.status, verdict.code], [status, code])
  },

  async 'state.refresh'(scene) {
    const { refreshToken } = await create(scene)
    const fresh = await expectData(scene, 'refresh', { body: { refreshToken } })
    scene.check('refreshToken', fresh.refreshToken === refreshToken, false)
    const again = await call(scene, 'refresh', { body: { refreshToken } })
    if (![scene.requirement.values.statuses].flat().includes(again.status))
      scene.fail('a second use', `must not give tokens; got ${describe(again)}`)
    await expectData(scene, 'refresh', { body: { refreshToken: fresh.refreshToken } })
  },

  async 'state.force-refresh'(scene) {
    const { user, refreshToken } = await create(scene)
    const fresh = await expectData(scene, 'force-refresh', { userId: user.id })
    const old = await call(scene, 'refresh', { body: { refreshToken } })
    scene.check('the old refreshToken', old.status, scene.requirement.values.status)
    await expectData(scene, 'refresh', { body: { refreshToken: fresh.refreshToken } })
  },

  async 'state.expiry'(scene) {
    const { leastDays, mostDays } = scene.requirement.values
    const { user, refreshToken, ...first } = await create(scene)
    const others: Readonly<Record<string, CallArguments>> = {
      'force-refresh': { userId: user.id },
      refresh: { body: { refreshToken } },
    }
    const values = others[scene.operation.name]
    const pair = values ? await expectData(scene, scene.operation.name, values) : first
    const days = (Number(pair.refreshTokenExpiresAt) - Number(pair.accessTokenExpiresAt)) / 86_400_000
    scene.check('refreshTokenExpiresAt', days >= Number(leastDays) && days <= Number(mostDays), true)
  },
}

/** Calls any operation of the contract through the door under judgement. */
async function call(scene: Scene, name: string, values: CallArguments): Promise<Verdict> {
  const { requirements, target, door } = scene
  const operation = requirements.operations.find((one) => one.name === name)
  if (!operation) return readToolResult({ isError: true })
  return door.call(operation, { 'x-cal-secret-key': target.secret, clientId: target.clientId, ...values })
}

async function expectData(scene: Scene, name: string, values: CallArguments): Promise<Data> {
  const verdict = await call(scene, name, values)
  if (verdict.kind !== 'answered') scene.fail(name, `expected success, got ${describe(verdict)}`)
  return { ...Object(Object(verdict.body).data) }
}

async function create(scene: Scene, values: Data = {}): Promise<Data & { readonly user: Data }> {
  const body = { email: makeAddress(), name: 'Ada Example', ...values }
  const created = await expectData(scene, 'create', { body })
  return { ...created, user: { ...Object(created.user) } }
}

async function listIds(scene: Scene, values: CallArguments): Promise<unknown[]> {
  const verdict = await call(scene, 'list', values)
  if (verdict.kind !== 'answered') scene.fail('list', `expected success, got ${describe(verdict)}`)
  return [Object(verdict.body).data].flat().map((user: unknown) => Object(user).id)
}
