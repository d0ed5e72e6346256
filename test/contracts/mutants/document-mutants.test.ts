import { describe, expect, it } from 'vitest'
import { listDocumentMutants } from '../../../contracts/mutants/document-mutants.ts'
import { readPointer } from '../../../contracts/mutants/mutant.ts'
import { listSchemaChanges } from '../../../contracts/mutants/schema-changes.ts'
import { readDocument } from '../../../src/document/document.ts'

function change(schema: Readonly<Record<string, unknown>>) {
  return listSchemaChanges(schema).map((one) => one.schema)
}

describe('the changes of a schema', () => {
  it('move a limit both ways and take it away', () => {
    const changed = change({ maximum: 250 })
    expect(changed).toEqual([{ maximum: 251 }, { maximum: 249 }, {}])
  })

  it('loosen a least length no further than to none', () => {
    expect(change({ minLength: 0 })).toEqual([{ minLength: 1 }, {}])
  })

  it('take each choice away and add one', () => {
    expect(change({ enum: [12, 24] })).toEqual([{ enum: [24] }, { enum: [12] }, { enum: [12, 24, 25] }])
  })

  it('forbid null where it is allowed, and allow it where it is not', () => {
    expect(change({ type: 'string', nullable: true })).toContainEqual({ type: 'string' })
    expect(change({ type: 'string' })).toContainEqual({ type: 'string', nullable: true })
  })

  it('open a closed object and close an open one', () => {
    const properties = { a: {} }
    expect(change({ properties, additionalProperties: false })).toContainEqual({
      properties,
      additionalProperties: true,
    })
    expect(change({ properties })).toContainEqual({ properties, additionalProperties: false })
  })

  it('require what is optional and no longer what is required', () => {
    const properties = { a: {}, b: {} }
    const changed = change({ properties, required: ['a'] })
    expect(changed).toContainEqual({ properties, required: ['a', 'b'] })
    expect(changed).toContainEqual({ properties })
  })

  it('take a member away together with what requires it', () => {
    expect(change({ properties: { a: {} }, required: ['a'] })).toContainEqual({ properties: {} })
  })
})

describe('the mutants of a document', () => {
  const mutants = listDocumentMutants(readDocument())
  const users = 'paths /v2/oauth-clients/{clientId}/users'
  const find = (name: string) => mutants.find((one) => one.name === name)

  it('lack an operation, a parameter, a status', () => {
    const at = '/paths/~1v2~1oauth-clients~1{clientId}~1users/get'
    expect(readPointer(find(`${users} get: removed`)?.document, at)).toBeUndefined()
    const parameters = readPointer(
      find(`${users} get parameters 2: limit removed`)?.document,
      `${at}/parameters`,
    )
    expect([parameters].flat().map((one) => Object(one).name)).not.toContain('limit')
    const responses = readPointer(find(`${users} get responses 429: removed`)?.document, `${at}/responses`)
    expect(Object.keys(Object(responses))).not.toContain('429')
  })

  it('concern every operation that refers to the changed part', () => {
    expect(find('components schemas RefreshToken: additionalProperties true')?.operations).toEqual([
      'POST /v2/oauth/{clientId}/refresh',
    ])
    expect(find('components schemas ManagedUser: required without id')?.operations).toHaveLength(5)
  })

  it('leave the document they come from as it is', () => {
    const before = JSON.stringify(readDocument())
    expect(mutants.every(({ document }) => JSON.stringify(document) !== before)).toBe(true)
  })

  it('have names of their own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  })
})
