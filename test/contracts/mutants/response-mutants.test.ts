import { describe, expect, it } from 'vitest'
import { listResponseMutants } from '../../../contracts/mutants/response-mutants.ts'
import { readDocument } from '../../../src/document/document.ts'

const body = { id: 7, name: null, tags: ['a'] }
const document = {
  openapi: '3.0.3',
  paths: {
    '/books': {
      get: {
        responses: {
          200: {
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  required: ['id', 'name'],
                  properties: {
                    id: { type: 'integer' },
                    name: { type: 'string', nullable: true },
                    tags: { type: 'array', items: { type: 'string' } },
                  },
                },
                example: body,
              },
            },
          },
        },
      },
    },
  },
}
const mutants = listResponseMutants(document)
const received = {
  status: 200,
  headers: { 'content-type': 'application/json', etag: '1' },
  text: JSON.stringify(body),
}

function find(what: string) {
  const found = mutants.find(({ name }) => name === `GET /books 200: ${what}`)
  if (!found)
    throw new Error(`there is no mutant "${what}" among ${mutants.map(({ name }) => name).join('; ')}`)
  return found
}

describe('the mutants of a response', () => {
  it.each([
    ['/id dropped', { name: null, tags: ['a'] }],
    ['/id renamed', { name: null, tags: ['a'], idX: 7 }],
    ['/id retyped', { ...body, id: { was: 'number' } }],
    ['/id null', { ...body, id: null }],
    ['/tags/0 retyped', { ...body, tags: [7] }],
    ['/name retyped', { ...body, name: { was: 'object' } }],
  ])('break the contract: %s', (what, spoiled) => {
    const mutant = find(what)
    expect(mutant.allowed).toBe(false)
    expect(JSON.parse(mutant.spoil(received).text)).toEqual(spoiled)
  })

  it.each(['/tags dropped', '/tags renamed', '/ gains a member'])(
    'are told apart where the document allows them: %s',
    (what) => {
      expect(find(what).allowed).toBe(true)
    },
  )

  it('leave out what would change nothing', () => {
    expect(mutants.map(({ name }) => name)).not.toContain('GET /books 200: /name null')
  })

  it('change the status and keep the rest', () => {
    expect(find('status 201').spoil(received)).toEqual({ ...received, status: 201 })
  })

  it('change the content type and keep the rest', () => {
    const headers = { etag: '1', 'content-type': 'text/html' }
    expect(find('type text/html').spoil(received)).toEqual({ ...received, headers })
    expect(find('type missing').spoil(received)).toEqual({ ...received, headers: { etag: '1' } })
  })

  it('have names of their own, for every operation of the shipped document', () => {
    const shipped = listResponseMutants(readDocument())
    expect(new Set(shipped.map(({ name }) => name)).size).toBe(shipped.length)
    expect(new Set(shipped.flatMap(({ operations }) => operations)).size).toBe(7)
  })
})
