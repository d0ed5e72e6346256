import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { BodyStream } from '../../src/upstream/body-stream.ts'

/** Opens a stream from a connection that only tells whether it is paused or was given up. */
function open() {
  const controller = {
    ...{ rawHeaders: null, rawTrailers: null, reason: null, paused: false, aborted: false },
    pause() {
      controller.paused = true
    },
    resume() {
      controller.paused = false
    },
    abort() {
      controller.aborted = true
    },
  }
  const createError = (code: string) => new Error(code)
  return new BodyStream({ controller, timeout: 30_000, createError, onClose() {} })
}

test.each([
  ['sends nothing', 'upstream_timeout', 30_000, () => {}],
  ['has sent a part', 'upstream_timeout', 30_000, (stream: BodyStream) => stream.add(Buffer.from('part'))],
  [
    'has sent more than the client takes',
    'client_disconnected',
    10_000,
    (stream: BodyStream) => stream.add(Buffer.alloc(1024 * 1024)),
  ],
  [
    'has sent all, which the client does not take',
    'client_disconnected',
    10_000,
    (stream: BodyStream) => stream.end(),
  ],
] as const)('a stream whose API %s fails with %s after %d ms', async (_what, code, time, go) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const stream = open()
    const failed = once(stream, 'error')
    go(stream)
    vi.advanceTimersByTime(time - 1)
    expect(stream.destroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await failed).toMatchObject([{ message: code }])
  } finally {
    vi.useRealTimers()
  }
})

test('a stream that fails before its reader comes ends nothing else, and tells the reader', async () => {
  const stream = open()
  stream.end(new Error('reset'))
  await new Promise((resolve) => stream.once('close', resolve))
  await expect(stream.toArray()).rejects.toThrow('upstream_connection_lost')
})
