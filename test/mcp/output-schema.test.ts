import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { describeOutput } from '../../src/mcp/output-schema.ts'

const strict = {
  type: 'object',
  required: ['status', 'data'],
  additionalProperties: false,
  minProperties: 2,
  properties: {
    status: { type: 'string', enum: ['success'] },
    data: {
      type: 'object',
      description: 'What came.',
      required: ['id'],
      additionalProperties: false,
      properties: {
        id: { type: 'integer', description: 'A number.' },
        tags: { type: 'array', items: { type: 'string' } },
      },
    },
  },
}

describe('an output schema', () => {
  const accepts = new Ajv({ strict: false }).compile(describeOutput(strict))

  it('documents each member', () => {
    expect(describeOutput(strict)).toEqual({
      type: 'object',
      properties: {
        status: { anyOf: [{ type: 'string', enum: ['success'] }, {}] },
        data: {
          description: 'What came.',
          anyOf: [
            {
              type: 'object',
              properties: {
                id: { description: 'A number.', anyOf: [{ type: 'integer' }, {}] },
                tags: { anyOf: [{ type: 'array', items: { anyOf: [{ type: 'string' }, {}] } }, {}] },
              },
            },
            {},
          ],
        },
      },
    })
  })

  it.each([
    {},
    { status: 7, data: null },
    { status: 'success', data: { id: '7', tags: [1, null], more: true } },
    { state: 'success', data: [] },
    { error: { code: 'x' } },
  ])('is satisfied by the object %j', (value) => {
    expect(accepts(value)).toBe(true)
  })

  it.each([null, 7, 'x', []])('is for objects only, as MCP asks, not for %j', (value) => {
    expect(accepts(value)).toBe(false)
  })

  it('has an object at its root, whatever the document says', () => {
    expect(describeOutput({ type: 'array', items: {} }).type).toBe('object')
  })
})
