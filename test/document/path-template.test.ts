import { expect, test } from 'vitest'
import { foldName, foldTemplate, listVariables } from '../../src/document/path-template.ts'

test('the variables of a template come in their order', () => {
  expect(listVariables('/a/{b}/{c-d}/e')).toEqual(['b', 'c-d'])
})

test('a template without variables has none', () => {
  expect(listVariables('/a/b')).toEqual([])
})

test.each(['clientid', 'clientId', 'client-id', 'client_id', 'CLIENT.ID'])('%s is one name', (name) => {
  expect(foldName(name)).toBe('clientid')
})

test('templates of one shape are equal, whatever their variables are called', () => {
  expect(foldTemplate('/A/{gist-id}/b')).toBe(foldTemplate('/A/{gistId}/b'))
})

test('templates with other words are not', () => {
  expect(foldTemplate('/A/{id}')).not.toBe(foldTemplate('/a/{id}'))
})
