import { expect, test } from 'vitest'
import {
  createPathPattern,
  foldName,
  foldTemplate,
  listPathVariables,
  matchNames,
} from '../../src/document/path-template.ts'

test('the variables of a template come in their order', () => {
  expect(listPathVariables('/a/{b}/{c-d}/e')).toEqual(['b', 'c-d'])
})

test('a template without variables has none', () => {
  expect(listPathVariables('/a/b')).toEqual([])
})

test.each(['clientid', 'clientId', 'client-id', 'client_id', 'CLIENT.ID'])('%s is one name', (name) => {
  expect(foldName(name)).toBe('clientid')
})

test.each([
  [['org-id', 'orgId'], ['orgId', 'org-id'], { 'org-id': 'org-id', orgId: 'orgId' }],
  [['orgid', 'orgId'], ['org-id', 'orgId'], { orgId: 'orgId', orgid: 'org-id' }],
  [['a_b', 'aB'], ['a-b'], { a_b: 'a-b' }],
  [['名', '姓'], ['姓'], { 姓: '姓' }],
  [['-'], ['_'], {}],
])(
  'of the variables %j and the names %j each is one at most, the exact one first',
  (variables, names, matched) => {
    expect(Object.fromEntries(matchNames(variables, names))).toEqual(matched)
  },
)

test('templates of one shape are equal, whatever their variables are called', () => {
  expect(foldTemplate('/A/{gist-id}/b')).toBe(foldTemplate('/A/{gistId}/b'))
})

test('templates with other words are not', () => {
  expect(foldTemplate('/A/{id}')).not.toBe(foldTemplate('/a/{id}'))
})

test.each([
  ['/a/{x}-{y}', '/a/1-2-3', ['1', '2-3']],
  ['/a/{x}-{y}', '/a/-1--2', ['-1', '-2']],
  ['/a/{x}{y}.{z}/b', '/a/123.4.5/b', ['1', '23', '4.5']],
  ['/a/{x}.json', '/a/b.json.json', ['b.json']],
  ['/a/{x}...{y}', '/a/b/c', undefined],
])('%s reads %s as %j', (template, path, texts) => {
  expect(createPathPattern(template).exec(path)?.slice(1)).toEqual(texts)
})

test('a path that has not the form of a template is not tried in many ways', () => {
  const begin = performance.now()
  expect(createPathPattern('/{x}-{y}-{z}-{v}').test(`/${'-'.repeat(4_000)}/`)).toBe(false)
  expect(performance.now() - begin).toBeLessThan(500)
})

/** Reads paths by a template, one variable of which has some texts. */
function prepareReading(template: string, variable: string, texts: readonly string[]) {
  const pattern = createPathPattern(template, (name) => (name === variable ? texts : undefined))
  return (path: string) => pattern.exec(path)
}

test('the texts of a variable say where it begins, beside another', () => {
  const read = prepareReading('/{page}{extension}', 'extension', ['.json', '.xml'])
  expect(read('/a.b.json')?.slice(1)).toEqual(['a.b', '.json'])
  expect(read('/a.csv')).toBeNull()
})

test('the texts of a variable say where it begins, after a literal', () => {
  const read = prepareReading('/map/{latitude}.{format}', 'format', ['json', 'xml'])
  expect(read('/map/110.75.xml')?.slice(1)).toEqual(['110.75', 'xml'])
  expect(read('/map/110.75')).toBeNull()
})
