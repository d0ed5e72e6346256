import { expect, test } from 'vitest'
import { executeThenReset } from '../../stress/executed-then-reset.ts'
import { failAndReturn } from '../../stress/failing-upstream.ts'
import { leaveAndRepeat } from '../../stress/leaving-callers.ts'

test('writes that were executed before their connections broke arrive as often as they were called', async () => {
  const findings = await executeThenReset(5)
  expect(findings).toHaveLength(10)
  expect(findings.filter(({ ok }) => !ok)).toEqual([])
})

test('callers that leave at a random moment and repeat get the token of their one refresh', async () => {
  expect(await leaveAndRepeat(40, 7)).toMatchObject({
    ok: true,
    measured: '40 tokens delivered, 40 upstream calls',
  })
})

test('an upstream that fails is spared, and asked again when it is back', async () => {
  // It ends only when a call is answered well again; how soon that was is measured by `make stress`.
  const findings = await failAndReturn(300)
  expect(findings).toHaveLength(3)
  expect(findings.filter(({ ok, timed }) => !ok && !timed)).toEqual([])
})
