import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('..', import.meta.url)
const listed = execFileSync('make', ['--no-print-directory'], { cwd: root, encoding: 'utf8' })
const targets = [...listed.matchAll(/^make ([a-z-]+) +\S/gm)].map(([, name]) => name)

/** The commands in the first column of the table under "Develop". */
function readDocumentedTargets(): (string | undefined)[] {
  const readme = readFileSync(new URL('README.md', root), 'utf8')
  const section = /^## Develop\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(readme)?.[1] ?? ''
  return [...section.matchAll(/^\| `make ([a-z-]+)/gm)].map(([, name]) => name)
}

describe('the README', () => {
  it('documents every target of the Makefile, and no other', () => {
    expect(readDocumentedTargets().sort()).toEqual(targets.filter((name) => name !== 'help').sort())
  })
})

describe('make', () => {
  it('lists every target that is meant for people', () => {
    const makefile = readFileSync(new URL('Makefile', root), 'utf8')
    const phony = /^\.PHONY: (.*)$/m.exec(makefile)?.[1]?.split(' ') ?? []
    expect([...targets].sort()).toEqual(phony.filter((name) => !name.startsWith('install')).sort())
  })
})
