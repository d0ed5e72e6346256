import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Admission } from '../../src/http/admission.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const overloaded = { code: 'overloaded', status: 503, headers: { 'retry-after': '1', connection: 'close' } }

async function hold(admission: Admission) {
  return (await admission.enter()).hold()
}

test('as many enter as there are slots, and one more for each that leaves', async () => {
  const admission = new Admission({ active: 2, waiting: 2, timeout: 500 })
  const [leave] = [await hold(admission), await hold(admission)]
  const entered: string[] = []
  const third = admission.enter().then(() => entered.push('third'))
  const fourth = admission.enter().then(() => entered.push('fourth'))
  await Promise.resolve()
  expect(entered).toEqual([])
  leave()
  await third
  expect(entered).toEqual(['third'])
  vi.advanceTimersByTime(500)
  await expect(fourth).rejects.toMatchObject(overloaded)
})

test('a slot that was free is not freed once more', async () => {
  const admission = new Admission({ active: 1, waiting: 0, timeout: 500 })
  const slot = await admission.enter()
  slot.hold()()
  const next = await hold(admission)
  slot.hold()()
  expect(admission.active).toBe(1)
  next()
  expect(admission.active).toBe(0)
})

test('a request that finds the queue full is refused at once', async () => {
  const admission = new Admission({ active: 1, waiting: 1, timeout: 500 })
  await hold(admission)
  const waiting = admission.enter()
  await expect(admission.enter()).rejects.toMatchObject(overloaded)
  vi.advanceTimersByTime(500)
  await expect(waiting).rejects.toMatchObject(overloaded)
})

test('a slot is free when all that hold it have released it, each once', async () => {
  const admission = new Admission({ active: 1, waiting: 0, timeout: 500 })
  const slot = await admission.enter()
  const [response, upstream] = [slot.hold(), slot.hold()]
  response()
  response()
  expect(admission.active).toBe(1)
  await expect(admission.enter()).rejects.toMatchObject(overloaded)
  upstream()
  expect(admission.active).toBe(0)
  await hold(admission)
  await expect(admission.enter()).rejects.toMatchObject(overloaded)
})
