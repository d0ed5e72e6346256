import { expect, it, vi } from 'vitest'
import { createLogger, describeError, logFields } from '../../src/observability/logger.ts'

function log(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = []
  write(createLogger('trace', { write: (line) => lines.push(line) }))
  return lines.map((line) => JSON.parse(line))
}

it('keeps the members it knows and drops all others, at every level', () => {
  const [first, second] = log((logger) => {
    logger.trace({ route: '/a', secret: 'planted', body: { email: 'ada@example.org' } }, 'request completed')
    logger
      .child({ requestId: 'r1' })
      .info({ authorization: 'planted', status: 200, req: { url: '/planted' } })
  })
  expect(first).toEqual({ level: 10, time: expect.any(String), msg: 'request completed', route: '/a' })
  expect(second).toMatchObject({ requestId: 'r1', status: 200 })
  expect(JSON.stringify(second)).not.toContain('planted')
})

it('says of an error only what it is, and never what it says', () => {
  const error = new TypeError('planted', {
    cause: Object.assign(new Error('planted'), { code: 'ECONNRESET' }),
  })
  const lines = log((logger) => {
    logger.error(error)
    logger.error({ err: error })
    logger.error({ err: error }, 'a tool failed')
    logger.error({ err: describeError(error) }, 'a tool failed')
    logger.error({ err: 'planted' }, 'a tool failed')
    logger.error({ err: new (class LateReply extends Error {})('planted') })
  })
  const described = { type: 'TypeError', cause: { type: 'Error', code: 'ECONNRESET' } }
  expect(lines.map(({ msg, err }) => [msg, err])).toEqual([
    ['failed', described],
    ['failed', described],
    ['a tool failed', described],
    ['a tool failed', described],
    ['a tool failed', { type: 'string' }],
    ['failed', { type: 'LateReply' }],
  ])
})

it('has no member that is undefined, and no field without a sentence', () => {
  const [line] = log((logger) => logger.info({ code: undefined, status: 200 }, 'request completed'))
  expect(Object.keys(line ?? {})).toEqual(['level', 'time', 'status', 'msg'])
  expect(Object.values(logFields).filter((sentence) => sentence.trim() === '')).toEqual([])
})

it('writes the time of each line', () => {
  vi.useFakeTimers({ now: 0 })
  try {
    const lines = log((logger) => {
      for (const later of [0, 0, 1]) {
        vi.advanceTimersByTime(later)
        logger.info({ status: 200 }, 'request completed')
      }
    })
    expect(lines.map(({ time }) => String(time).slice(-5))).toEqual(['.000Z', '.000Z', '.001Z'])
  } finally {
    vi.useRealTimers()
  }
})
