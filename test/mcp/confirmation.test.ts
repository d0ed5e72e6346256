import { expect, it } from 'vitest'
import { Confirmations } from '../../src/mcp/confirmation.ts'
import { Fingerprint } from '../../src/state/fingerprint.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import { operations } from './example.ts'

const operation = operations.find(({ id }) => id === 'burn-book')

it('a consent ends after five minutes', async () => {
  if (!operation?.tool) throw new Error('The example has no deletion')
  const clock = { now: 0.5 }
  const options = {
    clock: () => clock.now,
    fingerprint: new Fingerprint(new Uint8Array(32)),
    store: createMemoryStore(() => clock.now),
  }
  const confirmations = new Confirmations(options)
  const call = { operation, tool: operation.tool, values: { bookId: 7 }, client: 'a' }
  const agree = async (later: number) => {
    const question = await confirmations.check(call, {})
    clock.now += later
    return confirmations.check(call, { reply: { agreed: true, state: question?.requestState } })
  }
  expect(await agree(299_000)).toBeUndefined()
  expect(await agree(301_000)).toMatchObject({ resultType: 'input_required' })
})
