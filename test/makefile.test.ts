import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('..', import.meta.url)
const listed = execFileSync('make', ['--no-print-directory'], { cwd: root, encoding: 'utf8' })
/** Targets with what they do, as `make` lists them. */
const targets = readPairs(listed, /^make ([a-z-]+) +(\S.*)$/gm)

/** The commands in the table under "Develop", with what they do. */
function readDocumentedTargets() {
  const readme = readFileSync(new URL('README.md', root), 'utf8')
  const [, section = ''] = readme.split(/^## Develop$/m)
  return readPairs(section, /^\| `make ([a-z-]+)[^|]*` \| (.*) \|$/gm)
}

function readPairs(text: string, line: RegExp): Record<string, string> {
  return Object.fromEntries([...text.matchAll(line)].map(([, name, meaning]) => [name, meaning]))
}

describe('the README', () => {
  it('documents every target of the Makefile as make does, and no other', () => {
    const { help: _, ...documented } = targets
    expect(readDocumentedTargets()).toEqual(documented)
  })
})

describe('make', () => {
  it('lists every target that is meant for people', () => {
    const makefile = readFileSync(new URL('Makefile', root), 'utf8')
    const phony = /^\.PHONY: (.*)$/m.exec(makefile)?.[1]?.split(' ') ?? []
    expect(Object.keys(targets).sort()).toEqual(phony.filter((name) => !name.startsWith('install')).sort())
  })
})
