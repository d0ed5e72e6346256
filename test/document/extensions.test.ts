import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { type ExtensionPlace, extensions, readExtensions } from '../../src/document/extensions.ts'
import { asRecord } from '../../src/document/json.ts'

const page = readFileSync(new URL('../../docs/extensions.md', import.meta.url), 'utf8')
const documented = readPage(page)

describe('docs/extensions.md', () => {
  it('lists every extension with its place and schema, and no other', () => {
    const read = Object.entries(extensions).flatMap(([place, ones]) =>
      Object.entries(ones).map(([name, schema]) => ({ place, name, schema })),
    )
    expect(documented.map(({ place, name, schema }) => ({ place, name, schema }))).toEqual(read)
  })

  it.each(documented)('has an example of $name that is read as it stands', ({ place, name, example }) => {
    expect(readExtensions(place, { [name]: example }, 'here')).toEqual({ [name]: example })
  })

  it.each(documented)('has a schema of $name that refuses another form by name', ({ place, name }) => {
    for (const wrong of [7, null, [[name]]])
      expect(() => readExtensions(place, { [name]: wrong }, 'GET /users')).toThrow(
        new RegExp(`^GET /users: ${name}\\b`),
      )
  })

  it('lists every extension of the shipped document', () => {
    const used = new Set(listNames(readDocument()))
    used.delete('x-generated')
    expect([...used].filter((name) => !documented.some((one) => one.name === name))).toEqual([])
  })
})

describe('extensions', () => {
  it('of others, and those of another place, are left alone', () => {
    expect(readExtensions('operation', { 'x-other': 1, 'x-name': 7, summary: 'a' }, 'here')).toEqual({})
  })

  it('are none where there is no object', () => {
    expect(readExtensions('parameter', undefined, 'here')).toEqual({})
  })
})

interface Documented {
  readonly place: ExtensionPlace
  readonly name: string
  readonly schema: unknown
  readonly example: unknown
}

function readPage(text: string): Documented[] {
  return text
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const place = section.slice(0, section.indexOf('\n'))
      if (!isPlace(place)) throw new TypeError(`no place of extensions: ${place}`)
      return [...section.matchAll(/^### (\S+)\n[\s\S]*?```json\n([\s\S]*?)```/gm)].map(
        ([, name = '', json = '']) => {
          const { schema, example } = asRecord(JSON.parse(json))
          return { place, name, schema, example }
        },
      )
    })
}

function isPlace(name: string): name is ExtensionPlace {
  return Object.hasOwn(extensions, name)
}

/** The names of all members that begin with `x-`, but for those of examples and headers. */
function listNames(part: unknown): string[] {
  return Object.entries(asRecord(part)).flatMap(([name, one]) => [
    ...(name.startsWith('x-') ? [name] : []),
    ...(name === 'example' || name === 'arguments' ? [] : listNames(one)),
  ])
}
