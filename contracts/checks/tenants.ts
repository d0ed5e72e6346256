import type { Check } from '../context.ts'
import { compareMembers, expectStatus, readUser, readUsers } from './steps.ts'

/** What a second OAuth client must not see or change. */
export const tenants: Readonly<Record<string, Check>> = {
  async 'tenant.user'(context) {
    await expectStatus(context, `tenant-${context.operation.name}`, 401, 403, 404)
    const before = await readUser(context, 'update-email')
    compareMembers(context, 'afterwards', await readUser(context, 'tenant-after'), before)
  },

  async 'tenant.list'(context) {
    const { id } = await readUser(context, 'create')
    for (const step of ['tenant-list', 'tenant-find'])
      if ((await readUsers(context, step)).some((user) => user.id === id))
        context.fail('data', 'the list shows a user of another client')
  },

  async 'tenant.token'(context) {
    await expectStatus(context, 'tenant-refresh', 400, 401, 403, 404)
  },

  async 'tenant.secret'(context) {
    await expectStatus(context, `mixed-${context.operation.name}`, context.requirement.values.status)
  },
}
