import { setImmediate as endOfTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createWriteBatch } from '../../src/http/connection.ts'

describe('a turn', () => {
  it('lets nothing go before its end, then all in order', async () => {
    const gone: string[] = []
    const awaitEnd = createWriteBatch()
    for (const name of ['first', 'second', 'third']) awaitEnd(() => gone.push(name))
    await Promise.resolve()
    expect(gone).toEqual([])
    await endOfTurn()
    expect(gone).toEqual(['first', 'second', 'third'])
  })

  it('leaves to the next one what becomes ready at its end', async () => {
    const gone: string[] = []
    const awaitEnd = createWriteBatch()
    awaitEnd(() => {
      gone.push('first')
      awaitEnd(() => gone.push('second'))
    })
    await endOfTurn()
    expect(gone).toEqual(['first'])
    await endOfTurn()
    expect(gone).toEqual(['first', 'second'])
  })
})
