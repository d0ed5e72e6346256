import { rewriteAddress, toUsername } from '../addresses.ts'
import { type Check, findStep } from '../context.ts'
import { leadToAbsentUser } from '../created-users.ts'
import { changedMembers, clearable, fullMembers, longMembers } from '../user-members.ts'
import { getArgument, showValue } from '../values.ts'
import { describeResult } from './boundaries.ts'
import {
  compareMembers,
  compareSteps,
  describeCall,
  expectStatus,
  readData,
  readUser,
  readUsers,
} from './steps.ts'

/** What Cal.com remembers of users from one call to the next. */
export const state: Readonly<Record<string, Check>> = {
  async 'state.create-get'(context) {
    await compareSteps(context, 'get', 'get', 'create')
  },

  async 'state.members'(context) {
    const { id } = await readUser(context, 'create')
    for (const step of ['create', 'get'])
      compareMembers(context, step, await readUser(context, step), fullMembers)
    const listed = (await readUsers(context, 'find')).find((user) => user.id === id)
    if (listed) compareMembers(context, 'list', listed, fullMembers)
    else context.fail('list', 'the created user is not found by its address')
    for (const step of ['create-long', 'get-long'])
      compareMembers(context, step, await readUser(context, step), longMembers)
  },

  async 'state.email'(context) {
    const { addresses } = await context.observe()
    const [step, sent] =
      context.operation.name === 'create' ? ['create', addresses.full] : ['update-email', addresses.changed]
    const { email } = await readUser(context, step ?? '')
    context.expectEqual('email', email, rewriteAddress(sent ?? '', context.target.clientId))
    if (context.operation.name !== 'create') return
    context.expectEqual('email', (await readUser(context, 'create-long')).email, addresses.long)
  },

  async 'state.taken'(context) {
    await expectStatus(context, 'update-taken', context.requirement.values.status)
    await compareSteps(context, 'afterwards', 'get-taken', 'update-email')
  },

  async 'state.username'(context) {
    const [step, read] =
      context.operation.name === 'create' ? ['create', 'get'] : ['update-email', 'update-email']
    const { email, username } = await readUser(context, step ?? '')
    context.expectEqual('username', username, toUsername(String(email)))
    context.expectEqual('username', (await readUser(context, read ?? '')).username, toUsername(String(email)))
  },

  async 'state.conflict'(context) {
    const { status, code } = context.requirement.values
    const { id } = await readUser(context, 'create')
    const { result } = await findStep(context, 'create-again')
    context.expectEqual('status', [result.status, result.code], [status, code])
    if (context.server.surface === 'mcp' && context.target.policy?.redactsTokens) return
    const message = String(getArgument(result.body, 'error.message'))
    const end = `Existing user ID=${id}`
    if (!message.endsWith(end))
      context.fail('error.message', `must end in ${showValue(end)}, got ${showValue(message)}`)
  },

  async 'state.schedule'(context) {
    const [bare, full] = [await readUser(context, 'create-bare'), await readUser(context, 'create')]
    context.expectEqual('defaultScheduleId', bare.defaultScheduleId, null)
    const { defaultScheduleId: other } = await readUser(context, 'create-long')
    if (!Number.isSafeInteger(full.defaultScheduleId))
      context.fail(
        'defaultScheduleId',
        `must be a schedule after a time zone, got ${showValue(full.defaultScheduleId)}`,
      )
    else if (other === full.defaultScheduleId)
      context.fail('defaultScheduleId', `two users have the schedule ${showValue(other)}`)
  },

  async 'state.defaults'(context) {
    const { metadata = {}, ...user } = await readUser(context, 'create-bare')
    compareMembers(context, 'create', user, context.requirement.values)
    context.expectEqual('create.metadata', metadata, {})
  },

  async 'state.ids'(context) {
    const ids = [await readUser(context, 'create'), await readUser(context, 'create-bare')].map(
      ({ id }) => id,
    )
    context.expectEqual('id', new Set(ids).size, 2)
    const { id } = await readUser(context, 'create-reused')
    if (ids.includes(id)) context.fail('id', `a new user got the id ${id} of another one`)
  },

  async 'state.find'(context) {
    const [full, bare] = [await readUser(context, 'create'), await readUser(context, 'create-bare')]
    const find = async (step: string) => (await readUsers(context, step)).map(({ id }) => id).sort()
    context.expectEqual('emails', await find('find'), [full.id])
    context.expectEqual('emails', await find('find-rewritten'), [full.id])
    context.expectEqual('emails', await find('find-both'), [full.id, bare.id].sort())
    context.expectEqual('emails', await find('find-none'), [])
    context.expectEqual('emails in part', await find('find-part'), [])
    context.expectEqual('emails in upper case', await find('find-case'), [])
    context.expectEqual('emails and limit', (await find('find-limited')).length, 1)
    context.expectEqual('emails and offset', (await find('find-offset')).length, 1)
    context.expectEqual('many emails', await find('find-many'), [full.id, bare.id].sort())
    context.expectEqual('emails', await find('find-changed'), [full.id])
    context.expectEqual('emails', await find('find-former'), [])
  },

  async 'state.edges'(context) {
    const step = await findStep(context, 'create-reused')
    if (step.result.kind !== 'success')
      context.fail('name', `${describeCall(step)} must succeed, got ${describeResult(step.result)}`)
    else context.expectEqual('name', (await readUser(context, 'create-reused')).name, '')
  },

  async 'state.time-zone'(context) {
    const step = context.operation.name === 'create' ? 'create-reused' : 'update-zone'
    context.expectEqual('timeZone', (await readUser(context, step)).timeZone, context.requirement.values.zone)
  },

  async 'state.listed'(context) {
    const listed = await readUsers(context, 'list')
    const page = Number(context.requirement.values.page)
    for (const step of ['create', 'create-bare', 'create-long']) {
      const user = await readUser(context, step)
      const found = listed.find(({ id }) => id === user.id)
      if (found) compareMembers(context, 'list', found, user)
      // More users than one page shows may hide a new one.
      else if (listed.length < page)
        context.fail('data', `the list lacks the user ${user.id} that was created`)
    }
    const [found] = await readUsers(context, 'find')
    compareMembers(context, 'list', found ?? {}, await readUser(context, 'create'))
  },

  async 'state.pages'(context) {
    const read = async (step: string) => (await readUsers(context, step)).map(({ id }) => id)
    const whole = await read('page-whole')
    const [first, second, both] = [
      await read('page-first'),
      await read('page-second'),
      await read('page-both'),
    ]
    context.expectEqual('limit', [first.length, second.length, both.length], [1, 1, 2])
    context.expectEqual('limit', whole.length <= 4, true)
    context.expectEqual('offset', [...first, ...second], both)
    context.expectEqual('limit', whole.slice(0, 2), both)
    context.expectEqual('offset', await read('page-next'), whole.slice(2, 4))
    const all = await read('list')
    if (all.length < 250) context.expectEqual('offset beyond the end', await read('page-beyond'), [])
    context.expectEqual('data', new Set(all).size, all.length)
    context.expectEqual('limit', all.length >= Math.min(whole.length, 4), true)
  },

  async 'state.update'(context) {
    const user = { ...(await readUser(context, 'create')), name: 'Bo' }
    compareMembers(context, 'update', await readUser(context, 'update'), user)
    compareMembers(context, 'get', await readUser(context, 'get-updated'), user)
    compareMembers(context, 'update with the same', await readUser(context, 'update-same'), user)
    compareMembers(context, 'update with nothing', await readUser(context, 'update-nothing'), user)
  },

  async 'state.refused'(context) {
    const { name } = context.operation
    const { result } = await findStep(context, `${name}-refused`)
    context.expectEqual('status', result.status, context.requirement.values.status)
    if (name === 'create') await readUser(context, 'create-bare')
    else await compareSteps(context, 'afterwards', 'get-refused', 'update-nothing')
  },

  async 'state.at-once'(context) {
    const steps = { full: 'create', bare: 'create-bare', long: 'create-long' }
    for (const [name, step] of Object.entries(steps))
      await compareSteps(context, 'get', `at-once-${name}`, step)
  },

  async 'state.wrong-secret'(context) {
    const { name } = context.operation
    await expectStatus(context, `wrong-${name}`, context.requirement.values.status)
    if (name === 'update' || name === 'delete')
      await compareSteps(context, 'afterwards', 'wrong-after', 'get-taken')
    else await readData(context, 'wrong-kept')
  },

  async 'state.update-members'(context) {
    const expected = { ...(await readUser(context, 'create')), ...changedMembers }
    compareMembers(context, 'update', await readUser(context, 'update-all'), expected)
    compareMembers(context, 'get', await readUser(context, 'get-changed'), expected)
  },

  async 'state.metadata'(context) {
    for (const step of ['update-all', 'get-changed'])
      context.expectEqual('metadata', (await readUser(context, step)).metadata, changedMembers.metadata)
  },

  async 'state.clear'(context) {
    const before: Record<string, unknown> = { ...(await readUser(context, 'get-changed')) }
    for (const name of clearable) {
      before[name] = null
      compareMembers(context, `clear ${name}`, await readUser(context, `clear-${name}`), before)
    }
    compareMembers(context, 'get', await readUser(context, 'get-cleared'), before)
  },

  async 'state.update-email'(context) {
    const before = await readUser(context, 'get-cleared')
    const { email: _, username: __, ...kept } = before
    compareMembers(context, 'update', await readUser(context, 'update-email'), kept)
  },

  async 'state.other-user'(context) {
    const { addresses } = await context.observe()
    const bare = await readUser(context, 'create-bare')
    context.expectEqual('email', bare.email, rewriteAddress(addresses.bare, context.target.clientId))
    compareMembers(context, 'another user', await readUser(context, 'get-other'), bare)
    await readData(context, 'get-survivor')
  },

  async 'state.delete'(context) {
    await compareSteps(context, 'delete', 'delete', 'create-bare')
    const { status } = context.requirement.values
    for (const { name, tool } of context.requirements.operations) {
      const isOffered = context.server.surface !== 'mcp' || (context.target.policy?.tools.has(tool) ?? true)
      if (isOffered && ['get', 'update', 'force-refresh', 'delete'].includes(name))
        await expectStatus(context, `deleted-${name}`, status)
    }
  },

  async 'state.delete-list'(context) {
    const { id } = await readUser(context, 'create-bare')
    for (const step of ['deleted-find', 'deleted-list'])
      if ((await readUsers(context, step)).some((user) => user.id === id))
        context.fail(step, 'the deleted user is still listed')
  },

  async 'state.delete-token'(context) {
    await expectStatus(context, 'deleted-refresh', 400, 404)
  },

  async 'state.delete-address'(context) {
    const { addresses } = await context.observe()
    const again = await readUser(context, 'create-reused')
    context.expectEqual('email', again.email, rewriteAddress(addresses.bare, context.target.clientId))
  },

  async 'state.absent'(context) {
    const { status, code } = context.requirement.values
    const { result } = await findStep(context, `absent-${context.operation.name}`)
    context.expectEqual('userId', [result.status, result.code], [status, code])
  },

  async 'state.secret'(context) {
    const { status, code } = context.requirement.values
    const absent = leadToAbsentUser(await context.makeArguments(context.operation))
    const { secret } = context.target
    for (const wrong of ['another-secret', `${secret}x`, secret.slice(0, -1), secret.toUpperCase()]) {
      if (wrong === secret) continue
      const sent = { ...absent, 'x-cal-secret-key': wrong }
      const { status: got, code: gotCode } = await context.server.call(context.operation, sent)
      context.expectEqual('x-cal-secret-key', [got, gotCode], [status, code])
    }
  },
}
