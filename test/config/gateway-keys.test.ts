import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createKey, hashKey, readKeyFile } from '../../src/config/gateway-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'calgate-'))
afterAll(() => rmSync(folder, { recursive: true }))

function readKeys(text: string) {
  const path = join(folder, 'keys')
  writeFileSync(path, text)
  return readKeyFile(path)
}

const hash = 'ab'.repeat(32)

describe('a file of keys', () => {
  it('lets the bearer of a key in that was made for it, and holds no key', () => {
    const { key, line } = createKey('booking-service', ['managed-users:read', 'managed-users:write'])
    expect(readKeys(`# our own\n\n${line}\n`)).toEqual({
      problems: [],
      keys: [
        {
          name: 'booking-service',
          hash: hashKey(key),
          scopes: ['managed-users:read', 'managed-users:write'],
        },
      ],
    })
    expect(line).not.toContain(key)
  })

  it.each([
    ['no hash', 'line 1 must be a name, a SHA-256 in hexadecimal and comma-joined scopes'],
    [`a ${hash}`, 'line 1 must be a name'],
    [`a ${hash.slice(2)} s`, 'line 1 must be a name'],
    [`a@example.org ${hash} s`, 'line 1 must be a name'],
    [`a ${hash} s,`, 'line 1 must be a name'],
    [`a ${hash} s more`, 'line 1 must be a name'],
    [`# one\na ${hash} s\na ${hash} t`, 'line 3 repeats a name'],
  ])('with %j is refused by its line', (text, problem) => {
    expect(readKeys(text).problems).toEqual([expect.stringContaining(problem)])
  })

  it('reports every line that is wrong, and repeats none of it', () => {
    const { problems } = readKeys('planted one\nplanted two\n')
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('planted')
  })

  it('without a key lets nobody in', () => {
    expect(readKeys('# nobody\n')).toEqual({ keys: [], problems: [] })
  })

  it('that is not there is a problem', () => {
    expect(readKeyFile(join(folder, 'none')).problems).toHaveLength(1)
  })
})

describe('a new key', () => {
  it('is another one each time', () => {
    const keys = Array.from({ length: 100 }, () => createKey('a', ['s']).key)
    expect(new Set(keys).size).toBe(100)
    expect(keys.every((key) => /^calgate_[\w-]{43}$/.test(key))).toBe(true)
  })

  it.each([
    ['', ['s']],
    ['two words', ['s']],
    ['a', []],
    ['a', ['s t']],
  ])('for %j with the scopes %j is refused', (name, scopes) => {
    expect(() => createKey(name, scopes)).toThrow(RangeError)
  })
})
