import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { listVariables } from '../../src/config/variables.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { readConsoleCommands } from '../support/console-blocks.ts'
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

describe('commands of pages', () => {
  const commands = pages.flatMap(({ path, text }) =>
    readConsoleCommands(text).map(({ command }) => ({ path, command })),
  )

  it('exist', () => {
    expect(commands.length).toBeGreaterThan(20)
    expect(commands.filter(({ command }) => !isKnown(command))).toEqual([])
  })

  it('exist within sentences, too', () => {
    const command = /`((?:[A-Z_]+=\S+ )*(?:make|npm run|npx calgate|calgate|node) [^`\n]+)`/g
    const named = pages.flatMap(({ path, text }) =>
      [...text.matchAll(command)].map(([, one = '']) => ({ path, command: one })),
    )
    expect(named.length).toBeGreaterThan(50)
    expect(named.filter((one) => !isKnown(one.command))).toEqual([])
  })

  it('that do not exist are noticed', () => {
    const unknown = [
      'make none',
      'npm run none',
      'node none.ts',
      'npx vitest run test/none.test.ts',
      'FOO=1 make none',
      'foo',
    ]
    expect(unknown.filter(isKnown)).toEqual([])
    expect(
      ['make dev', 'MOCK=stateful make mock', 'npm run --silent calgate -- key a'].filter(isKnown),
    ).toHaveLength(3)
  })

  it('and their variables are known', () => {
    const known = [...Object.keys(listVariables(readApi(readDocument()))), ...exampleVariables]
    const named = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/`([A-Z]{2,}(?:_[A-Z]+)+)(?:=[^`]*)?`/g)].map(([, name = '']) => ({ path, name })),
    )
    expect(named.filter(({ name }) => !known.includes(name) && !isDevelopmentVariable(name))).toEqual([])
  })

  it('and JSON snippets can be parsed', () => {
    const snippets = pages.flatMap(({ text }) =>
      [...text.matchAll(/^```json\n(.*?)^```/gms)].map(([, json = '']) => json),
    )
    expect(snippets.length).toBeGreaterThan(2)
    for (const snippet of snippets) expect(() => JSON.parse(snippet)).not.toThrow()
  })
})

/** Variables of Node, and of examples: a suffix, and a name for another description. */
const exampleVariables = ['NODE_COMPILE_CACHE', 'SECRET_KEY', 'SECRET_KEY_FILE', 'PETSTORE_API_KEY']

/** Variables that the mocks, the contract tests and the measurements read. */
function isDevelopmentVariable(name: string): boolean {
  const read = new RegExp(`\\b${name}\\b`)
  return developmentSources.some((text) => read.test(text))
}

const developmentSources = ['contracts', 'mocks', 'bench', 'stress', 'scripts']
  .flatMap((folder) => listFiles(folder))
  .filter((path) => path.endsWith('.ts'))
  .map(readText)

/** Programs of every machine that pages use. */
const shellCommands = [
  '(umask',
  'cat',
  'curl',
  'docker',
  'export',
  'git',
  'kill',
  'kubectl',
  'mkdir',
  'nginx',
  'openssl',
  'prometheus',
  'promtool',
  'redis-cli',
  'redis-server',
  'set',
  'sudo',
]

function isKnown(command: string): boolean {
  const words = command.split(/\s+/).filter((word) => !/^[A-Z_]+=/.test(word))
  const [program = '', ...options] = words
  const names = options.filter((word) => !word.startsWith('-'))
  const { scripts } = manifest
  if (program === 'make') return new RegExp(`^${names[0]}:`, 'm').test(readText('Makefile'))
  if (program === 'npm') return names[0] !== 'run' ? true : Object.hasOwn(scripts, names[1] ?? '')
  if (program === 'calgate')
    return (
      /^calgate (serve|help|start|mcp|users export)\b/.test(command) ||
      existsSync(join(root, `src/cli/${names[0]}.ts`))
    )
  if (program === 'node') return existsSync(join(root, names[0] ?? ''))
  if (program === 'npx')
    return (
      names[0] === 'calgate' ||
      names.filter((name) => name.includes('/')).every((path) => existsSync(join(root, path)))
    )
  return shellCommands.includes(program)
}

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
