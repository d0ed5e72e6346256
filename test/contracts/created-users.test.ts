import { expect, test } from 'vitest'
import { createCreatedUsers, mostCreations } from '../../contracts/created-users.ts'

const users = '/v2/oauth-clients/cm9demo/users'
const creation = { method: 'POST', path: users }
const withId = (id: number) => ({ data: { user: { id } } })

test('a run changes the users that it has made, and no other', () => {
  const created = createCreatedUsers()
  created.note(creation, 201, withId(7))
  const mayChange = (id: number | string) => created.mayChange({ method: 'PATCH', path: `${users}/${id}` })
  expect(['7', '8', '%38', '08', 'x'].map(mayChange)).toEqual([true, false, false, false, true])
  expect(created.mayChange({ method: 'POST', path: `${users}/8/force-refresh` })).toBe(false)
  expect(created.mayChange({ method: 'GET', path: `${users}/8` })).toBe(true)
})

test('a run that cannot read what it has made ends making users', () => {
  const created = createCreatedUsers()
  for (let n = 0; n < mostCreations; n += 1) {
    expect(created.mayChange(creation)).toBe(true)
    created.note(creation, 201, undefined)
  }
  expect(created.mayChange(creation)).toBe(false)
  expect(created.mayChange({ method: 'POST', path: '/v2/oauth/cm9demo/refresh' })).toBe(true)
})
