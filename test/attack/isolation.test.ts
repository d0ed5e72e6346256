import { expect, it } from 'vitest'
import { keepApart } from '../../stress/isolation.ts'

it('callers with secrets of their own, all at once on both ports, get what is their own', async () => {
  const finding = await keepApart(16, 320)
  expect(finding).toEqual({ ...finding, ok: true })
})
