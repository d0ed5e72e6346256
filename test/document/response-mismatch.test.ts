import { describe, expect, it } from 'vitest'
import { listDocumentedResponses } from '../../contracts/rest/documented-responses.ts'
import { readDocument } from '../../src/document/document.ts'
import { createComparison } from '../../src/document/response-mismatch.ts'

const compare = createComparison(readDocument())
const operation = 'GET /v2/oauth-clients/{clientId}/users/{userId}'
const documented = listDocumentedResponses(readDocument()).filter(
  ({ mediaType }) => mediaType === 'application/json',
)

function example(status: number, name = ''): { data: Record<string, unknown>; [member: string]: unknown } {
  const answer = documented.find((one) => `${one.method} ${one.path}` === operation && one.status === status)
  return structuredClone(Object(answer?.examples.get(name)))
}

function find(body: unknown, status = 200, type = 'application/json; charset=utf-8') {
  const found = compare({ operation, status, type, body })
  return found.map(({ pointer, rule, breaking }) => `${pointer} ${rule}${breaking ? '' : ' (allowed)'}`)
}

describe('an answer and the document', () => {
  it('do not differ in any documented example', () => {
    const differing = documented.flatMap(({ method, path, status, mediaType, examples }) =>
      [...examples.values()].flatMap((body) =>
        compare({ operation: `${method} ${path}`, status, type: mediaType, body }),
      ),
    )
    expect(differing).toEqual([])
  })

  it('differ at the place of a member of another type', () => {
    const body = example(200)
    expect(find({ ...body, data: { ...body.data, bio: 7 } })).toEqual(['/data/bio type'])
  })

  it('differ at the place of a member that is missing', () => {
    const { timeZone: _, ...data } = example(200).data
    expect(find({ status: 'success', data })).toEqual(['/data/timeZone required'])
  })

  it('differ where null is not allowed, and not where it is', () => {
    const data = { ...example(200).data, email: null, name: null }
    expect(find({ status: 'success', data })).toEqual(['/data/email type'])
  })

  it('differ by a member more, which the document allows', () => {
    const data = { ...example(200).data, plan: 'pro', metadata: { anything: 1 } }
    expect(find({ status: 'success', data })).toEqual(['/data/plan undocumented (allowed)'])
  })

  it('agree in members that any part of allOf names, and differ in those that none names', () => {
    const named = (...names: string[]) => ({
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, { type: 'object' }])),
    })
    const owner = { type: 'object', properties: { owner: { allOf: [named('a'), named('b')] } } }
    const schema = { allOf: [named('id'), { allOf: [named('name'), owner] }] }
    const responses = { 200: { description: 'A pet', content: { 'application/json': { schema } } } }
    const pets = createComparison({ openapi: '3.1.0', paths: { '/pet': { get: { responses } } } })
    const body = { id: {}, name: {}, owner: { a: {}, b: {}, c: {} }, other: {} }
    const found = pets({ operation: 'GET /pet', status: 200, type: 'application/json', body })
    expect(found.map(({ pointer, rule }) => `${pointer} ${rule}`)).toEqual([
      '/owner/c undocumented',
      '/other undocumented',
    ])
  })

  it('are compared however deep an answer nests where the document says nothing', () => {
    const depth = 100_000
    const data = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)
    expect(find({ status: 'success', data })).toEqual(['/data type'])
  })

  it('differ by a status that is not documented', () => {
    expect(find({}, 418)).toEqual([' status'])
  })

  it('differ by the content type', () => {
    expect(find(example(200), 200, 'text/html')).toEqual([' content-type'])
  })

  it('are compared by the error shape that fits best', () => {
    const { error, ...rest } = example(404, 'user_not_found')
    const { code: _, ...others } = Object(error)
    expect(find({ ...rest, error: others }, 404)).toEqual(['/error/code required'])
  })

  it('never repeats a value of the answer', () => {
    const data = { ...example(200).data, id: 'ada@example.org', createdDate: 'ada@example.org' }
    const found = compare({
      operation,
      status: 200,
      type: 'application/json',
      body: { status: 'ada@example.org', data },
    })
    expect(found).toHaveLength(3)
    expect(JSON.stringify(found)).not.toContain('ada@')
  })
})
