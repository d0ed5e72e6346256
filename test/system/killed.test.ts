import { expect, it } from 'vitest'
import { killReplica } from '../../stress/replicas.ts'

it('with a replica and Redis killed under load, no call is executed twice and no response is lost', async () => {
  const finding = await killReplica(400)
  expect(finding).toEqual({ ...finding, ok: true })
})
