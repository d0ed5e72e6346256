import { describe, expect, it } from 'vitest'
import { openGrant } from '../../src/access/grant.ts'
import { PendingCalls, type RpcRequest } from '../../src/mcp/pending-calls.ts'

const request: RpcRequest = { jsonrpc: '2.0', id: 'mine', method: 'tools/list' }

describe('pending calls', () => {
  it('keep callers apart that chose the same id', async () => {
    const pending = new PendingCalls()
    const own: RpcRequest[] = []
    const contexts = [
      { credential: () => 'a', grant: openGrant },
      { credential: () => 'b', grant: openGrant },
    ]
    const answers = contexts.map((context) => pending.open(request, context, (one) => own.push(one)))
    expect(own.map(({ id }) => pending.contextOf(id).credential(''))).toEqual(['a', 'b'])
    for (const { id } of own.toReversed()) pending.settle({ jsonrpc: '2.0', id, result: { for: id } })
    expect(await Promise.all(answers)).toEqual(
      own.map(({ id }) => ({ jsonrpc: '2.0', id: 'mine', result: { for: id } })),
    )
  })

  it('forget a call that has its answer', async () => {
    const pending = new PendingCalls()
    let own: RpcRequest = request
    const answer = pending.open(request, { credential: () => 'a', grant: openGrant }, (one) => {
      own = one
    })
    pending.settle({ jsonrpc: '2.0', id: own.id, result: {} })
    await answer
    expect(pending.contextOf(own.id).credential('')).toBeUndefined()
  })

  it('take neither a request of the server nor an unknown answer for the answer to a call', () => {
    const pending = new PendingCalls()
    const seen: unknown[] = []
    void pending
      .open(request, { credential: () => 'a', grant: openGrant }, () => {})
      .then((answer) => seen.push(answer))
    pending.settle({ jsonrpc: '2.0', id: 1, method: 'ping' })
    pending.settle({ jsonrpc: '2.0', id: 2, result: {} })
    pending.settle({ jsonrpc: '2.0', result: {} })
    expect(pending.contextOf(1).credential('')).toBe('a')
    expect(seen).toEqual([])
  })
})
