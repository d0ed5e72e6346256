import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { showProgress } from '../../src/cli/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function show(isTTY: boolean, milliseconds: number): string {
  const stderr = Object.assign(new PassThrough(), { isTTY })
  const end = showProgress(stderr, 'calgate check')
  vi.advanceTimersByTime(milliseconds)
  end()
  return String(stderr.read() ?? '')
}

test('a terminal is told of a command that takes more than a second, until it ends', () => {
  expect(show(true, 2_500)).toBe('\rcalgate check: working for 1 s\rcalgate check: working for 2 s\r\u001b[K')
})

test('a short command, and a pipe, are told nothing', () => {
  expect([show(true, 900), show(false, 5_000)]).toEqual(['', ''])
})
