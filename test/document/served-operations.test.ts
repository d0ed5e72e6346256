import { describe, expect, it } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { createServedReader, readServed } from '../../src/document/served-operations.ts'

const responses = { 204: { description: 'Done' } }
const get = { operationId: 'getGist', responses }

const document: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'Gists', version: '1' },
  paths: {
    '/gists': {
      get,
      put: { responses },
      additionalOperations: { PURGE: { responses }, COPY: { operationId: 'copyGist', responses } },
    },
  },
}

function read(served: OpenApiDocument) {
  const unserved: string[] = []
  const onUnserved = (operation: string) => unserved.push(operation)
  return { ...readServed(served, { reserved: [], onUnserved, onUnchecked: () => {} }), unserved }
}

describe('a reader that remembers', () => {
  const read = createServedReader()
  const options = { reserved: [], onUnserved: () => {}, onUnchecked: () => {} }
  const first = read(document, options)

  it('reads the same document once', () => {
    expect(read(document, options)).toBe(first)
  })

  it('reads another document, and other headers reserved, anew', () => {
    expect(read({ ...document }, options)).not.toBe(first)
    expect(read({ ...document }, { ...options, reserved: ['authorization'] })).not.toBe(first)
  })
})

describe('an operation that cannot be read', () => {
  it('is reported once, and is neither served nor described', () => {
    const { document: described, operations, unserved } = read(document)
    expect(unserved).toEqual(['PUT /gists', 'PURGE /gists'])
    expect(operations.map(({ id }) => id)).toEqual(['getGist', 'copyGist'])
    expect(described.paths).toEqual({
      '/gists': { get, additionalOperations: { COPY: { operationId: 'copyGist', responses } } },
    })
  })

  it('is the only reason to change the document', () => {
    const whole = { ...document, paths: { '/gists': { get } } }
    expect(read(whole).document).toBe(whole)
  })
})
