import { expect, it } from 'vitest'
import { killReplica } from '../../stress/replicas.ts'

it('with a replica and Redis killed under load, no call is executed twice and no response is lost', async () => {
  expect(await killReplica(400)).toMatchObject({ ok: true })
})
