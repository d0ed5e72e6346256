import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listFiles, readText, root, type TextFile } from './tree.ts'

const pages = listFiles()
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readText(path) }))
const decisions = pages.filter(({ path }) => /^docs\/decisions\/\d{4}-/.test(path))

describe('decisions', () => {
  it('have a number, a context, a decision and consequences', () => {
    expect(decisions.length).toBeGreaterThan(9)
    expect(decisions.filter(({ path, text }) => !isDecision(path, text)).map(({ path }) => path)).toEqual([])
  })

  it('are all in the list, by their titles', () => {
    const listed = [
      ...readText('docs/decisions/README.md').matchAll(/^\| \[(\d{4})\]\((\S+)\) \| (.*) \|$/gm),
    ]
    const written = decisions.map(({ path, text }) => [path.replace('docs/decisions/', ''), readTitle(text)])
    expect(listed.map(([, , file, title]) => [file, title])).toEqual(written)
  })
})

describe('pages', () => {
  it('are short where they are read first', () => {
    const lines = (path: string) => readText(path).trimEnd().split('\n').length
    expect(lines('README.md')).toBeLessThanOrEqual(150)
    expect(lines('docs/architecture.md')).toBeLessThanOrEqual(120)
  })

  it('name files and folders that exist', () => {
    expect(findMissingPaths(pages)).toEqual([])
  })

  it('that name a file which does not exist are noticed', () => {
    const text =
      'See `src/gateway.ts`, `src/mcp/`, `src/none.ts`, `test/none/` and `docs/decisions/NNNN-title.md`.'
    expect(findMissingPaths([{ path: 'a.md', text }])).toEqual(['a.md: src/none.ts', 'a.md: test/none/'])
  })
})

function isDecision(path: string, text: string): boolean {
  const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
  const number = /(\d{4})-/.exec(path)?.[1]
  return text.startsWith(`# ${number}: `) && headings.join() === 'Context,Decision,Consequences'
}

function readTitle(text: string): string {
  return /^# \d{4}: (.*)$/m.exec(text)?.[1] ?? ''
}

/** Paths stand in code spans; a placeholder in capitals is none. */
function findMissingPaths(files: readonly TextFile[]): string[] {
  const folders = 'src|test|docs|contracts|mocks|scripts|bench|stress|openapi'
  const mention = new RegExp(`\`((?:${folders})/[\\w./-]*)\``, 'g')
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(mention)]
      .map(([, named = '']) => named)
      .filter((named) => !/[A-Z]{4}/.test(named) && !existsSync(join(root, named)))
      .map((named) => `${path}: ${named}`),
  )
}
