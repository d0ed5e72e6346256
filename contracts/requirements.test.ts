import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readDocument } from '../src/document/document.ts'
import { checks } from './checks/catalogue.ts'
import { renderMatrix } from './reports/matrix.ts'
import { readRequirements } from './requirements.ts'
import { listDocumentedResponses } from './rest/documented-responses.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const text = read('requirements.yaml')
const { requirements, operations, errors } = readRequirements()
const ids = requirements.map(({ id }) => id)

describe('requirements.yaml', () => {
  it.each([
    ['an unknown member', 'rule: ', 'rules: ', 'must NOT have additional properties'],
    ['an unknown level', 'level: must', 'level: may', 'must be equal to one of the allowed values'],
    ['an unknown operation', 'operations: [list]', 'operations: [lists]', 'no operation is lists'],
    [
      'an unknown error',
      'errors: [validation, bad_email',
      'errors: [invalid, bad_email',
      'no error is invalid',
    ],
    ['an id that stands twice', 'id: route.method', 'id: route.path', 'route.path stands twice'],
    ['a source that is none', 'source: capability.yaml:209', 'source: a rumour', 'must match pattern'],
  ])('with %s is refused', (_, right, wrong, reason) => {
    expect(() => readRequirements(text.replace(right, wrong))).toThrow(reason)
  })

  it('cites lines of the capability that say something', () => {
    const lines = read('../openapi/capability.yaml').split('\n')
    const cited = [...requirements, ...operations].flatMap(({ source }) =>
      source.startsWith('capability.yaml:') ? [Number(source.split(':')[1])] : [],
    )
    expect(cited.filter((line) => !lines[line - 1]?.trim())).toEqual([])
  })

  it('cites for each operation the line of its method', () => {
    const lines = read('../openapi/capability.yaml').split('\n')
    const methods = operations.map(({ source }) => lines[Number(source.split(':')[1]) - 1]?.trim())
    expect(methods).toEqual(operations.map(({ operation }) => `- method: ${operation.split(' ')[0]}`))
  })

  it('has a check for each requirement, and no check has none', () => {
    expect(Object.keys(checks).sort()).toEqual([...ids].sort())
  })

  it('knows every error that the document gives Cal.com, and the document every error that it can give', () => {
    const documented = listDocumentedResponses(readDocument()).filter(
      ({ status, mediaType }) => status >= 400 && mediaType === 'application/json',
    )
    for (const { operation, errors: promised } of operations) {
      const examples = documented
        .filter(({ method, path }) => `${method} ${path}` === operation)
        .flatMap((response) => [...response.examples.keys()].map((name) => `${response.status} ${name}`))
      const known = [...errors].map(([name, { status }]) => `${status} ${name}`)
      expect(examples.filter((one) => !known.includes(one))).toEqual([])
      const given = promised.map((name) => `${errors.get(name)?.status} ${name}`)
      expect(given.filter((one) => !examples.includes(one))).toEqual([])
    }
  })
})

describe('docs/contract.md', () => {
  it('is what `make contract` writes when everything holds', () => {
    expect(read('../docs/contract.md')).toBe(renderMatrix(readRequirements()))
  })
})
