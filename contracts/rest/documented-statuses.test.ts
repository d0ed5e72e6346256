import { describe, expect, it } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { listDocumentedResponses, problemType } from './documented-responses.ts'

const users = '/v2/oauth-clients/{clientId}/users'
const everywhere = [400, 401, 403, 405, 429, 502, 503, 504]

/**
 * What the document must promise at least, in figures of our own: proofs that are derived from the document say
 * nothing about what went missing there. Cal.com's statuses first, then the gateway's.
 */
const promises: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
  [`GET ${users}`]: [[200, 400, 401, 403, 404, 429, 500], everywhere],
  [`POST ${users}`]: [
    [201, 400, 401, 403, 404, 409, 429, 500],
    [...everywhere, 409, 413, 415, 422],
  ],
  [`GET ${users}/{userId}`]: [[200, 400, 401, 403, 404, 429, 500], everywhere],
  [`PATCH ${users}/{userId}`]: [
    [200, 400, 401, 403, 404, 409, 429, 500],
    [...everywhere, 413, 415],
  ],
  [`DELETE ${users}/{userId}`]: [[200, 400, 401, 403, 404, 429, 500], everywhere],
  [`POST ${users}/{userId}/force-refresh`]: [
    [200, 400, 401, 403, 404, 429, 500],
    [...everywhere, 409, 422],
  ],
  'POST /v2/oauth/{clientId}/refresh': [
    [200, 400, 401, 404, 429, 500],
    [...everywhere, 409, 413, 415, 422],
  ],
}

const responses = listDocumentedResponses(readDocument())

describe('the document', () => {
  it('has the seven operations of the capability and no other', () => {
    const described = new Set(responses.map(({ method, path }) => `${method} ${path}`))
    expect([...described].sort()).toEqual(Object.keys(promises).sort())
  })

  it.each(Object.entries(promises))('promises what Cal.com returns to %s', (name, [upstream]) => {
    expect(listStatuses(name, 'application/json')).toEqual(upstream)
  })

  it.each(Object.entries(promises))('promises what the gateway returns to %s', (name, [, own]) => {
    expect(listStatuses(name, problemType)).toEqual(expect.arrayContaining([...own]))
  })

  it('promises no other kind of body', () => {
    const types = new Set(responses.map(({ mediaType }) => mediaType))
    expect([...types].sort()).toEqual(['application/json', problemType])
  })
})

function listStatuses(name: string, type: string): number[] {
  return responses
    .filter(({ method, path, mediaType }) => `${method} ${path}` === name && mediaType === type)
    .map(({ status }) => status)
}
