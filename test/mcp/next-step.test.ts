import { describe, expect, it } from 'vitest'
import { adviseNextStep } from '../../src/mcp/next-step.ts'
import { operations } from './example.ts'

function advise(status: number, id: string, retryAfter?: number): string {
  const operation = operations.find((one) => one.id === id)
  if (!operation) throw new Error(`no operation ${id}`)
  return adviseNextStep(status, operation, operations, retryAfter)
}

describe('the next step', () => {
  it.each([
    [
      401,
      'get-book',
      'Check shopId and the secret, which must belong to it; repeating the call changes nothing.',
    ],
    [403, 'get-book', 'Use credentials that may do this; repeating the call changes nothing.'],
    [404, 'list-books', 'Check shopId.'],
    [404, 'burn-book', 'Check shopId and bookId; list-books lists what exists.'],
    [409, 'add-book', 'It exists already: read it with get-book; do not create it again.'],
    [
      409,
      'burn-book',
      'Another record has a value that must be unique: choose another value, or leave it as it is.',
    ],
    [429, 'get-book', 'Wait a minute, then call again.'],
    [400, 'get-book', 'Correct the arguments as the message says, then call again.'],
    [503, 'get-book', 'Call again later.'],
    [
      500,
      'add-book',
      'Nobody can tell whether the call took effect: read the state with get-book before you repeat it.',
    ],
    [
      502,
      'burn-book',
      'Nobody can tell whether the call took effect: read the state with list-books before you repeat it.',
    ],
  ])('after %i on %s is: %s', (status, id, sentence) => {
    expect(advise(status, id)).toBe(sentence)
  })

  it.each([400, 404])('after %i on a call that spends what it carries is not to correct it', (status) => {
    const spends = operations.find(({ id }) => id === 'add-book')
    if (!spends) throw new Error('no operation')
    const operation = { ...spends, singleUse: true, recovery: 'Ask for a new one.' }
    expect(adviseNextStep(status, operation, operations, undefined)).toBe(
      'What this call spends may be spent already, so that repeating it changes nothing. Ask for a new one.',
    )
  })
})
