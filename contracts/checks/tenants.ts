import { rewriteAddress } from '../addresses.ts'
import type { Check } from '../context.ts'
import { leadToAbsentUser } from '../created-users.ts'
import { compareMembers, expectStatus, readData, readUser, readUsers } from './steps.ts'

/** What a second OAuth client must not see or change. */
export const tenants: Readonly<Record<string, Check>> = {
  async 'tenant.user'(context) {
    await expectStatus(context, `tenant-${context.operation.name}`, 401, 403, 404)
    const before = await readUser(context, 'update-email')
    compareMembers(context, 'afterwards', await readUser(context, 'tenant-after'), before)
    if (context.operation.name === 'force-refresh') await readData(context, 'tenant-kept')
  },

  async 'tenant.list'(context) {
    const { id } = await readUser(context, 'create')
    for (const step of ['tenant-list', 'tenant-find'])
      if ((await readUsers(context, step)).some((user) => user.id === id))
        context.fail('data', 'the list shows a user of another client')
  },

  async 'tenant.address'(context) {
    const { addresses } = await context.observe()
    const { clientId = '' } = context.target.other ?? {}
    const { email } = await readUser(context, 'tenant-create')
    context.expectEqual('email', email, rewriteAddress(addresses.full, clientId))
  },

  async 'tenant.header'(context) {
    const { operation, target, requirement } = context
    const { other, upstream } = target
    const absent = leadToAbsentUser(await context.makeArguments(operation))
    if (!other || !upstream) return
    const own = { ...absent, clientId: target.clientId, 'x-cal-secret-key': other.secret }
    const { status } = await upstream.callAs(operation, own, other.clientId)
    context.expectEqual('x-cal-client-id', status, requirement.values.status)
  },

  async 'tenant.unknown'(context) {
    const { clientId, status, code } = context.requirement.values
    const absent = leadToAbsentUser(await context.makeArguments(context.operation))
    const result = await context.server.call(context.operation, { ...absent, clientId })
    context.expectEqual('clientId', [result.status, result.code], [status, code])
  },

  async 'tenant.token'(context) {
    await expectStatus(context, 'tenant-refresh', 400, 401, 403, 404)
  },

  async 'tenant.secret'(context) {
    await expectStatus(context, `mixed-${context.operation.name}`, context.requirement.values.status)
  },
}
