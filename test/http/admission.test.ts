import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Admission } from '../../src/http/admission.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const overloaded = { code: 'overloaded', status: 503, headers: { 'retry-after': '1', connection: 'close' } }

test('as many enter as there are places, and one more for each that leaves', async () => {
  const admission = new Admission({ active: 2, waiting: 2, patience: 500 })
  const [leave] = [await admission.enter(), await admission.enter()]
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

test('who finds the queue full is turned away at once', async () => {
  const admission = new Admission({ active: 1, waiting: 1, patience: 500 })
  await admission.enter()
  const waiting = admission.enter()
  await expect(admission.enter()).rejects.toMatchObject(overloaded)
  vi.advanceTimersByTime(500)
  await expect(waiting).rejects.toMatchObject(overloaded)
})

test('a place is given back once, however often it is released', async () => {
  const admission = new Admission({ active: 1, waiting: 0, patience: 500 })
  const release = await admission.enter()
  release()
  release()
  await admission.enter()
  await expect(admission.enter()).rejects.toMatchObject(overloaded)
})
