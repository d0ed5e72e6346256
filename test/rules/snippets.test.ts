import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConsoleCommands } from '../support/console-blocks.ts'
import { listFiles, readText, root } from './tree.ts'

/** A command of a `console` block, or another block as a whole. */
interface Snippet {
  readonly page: string
  readonly language: string
  readonly text: string
  /** The paragraph before the block. */
  readonly before: string
}

/** Which test reads snippets from a page and runs them: those of a language, or those of them that match. */
interface Runner {
  readonly test: string
  /** Every page without. */
  readonly page?: string
  readonly language: string
  readonly match?: RegExp
}

const runners: readonly Runner[] = [
  // What runs long or needs the network is followed to the programs that it starts.
  ...[/^([A-Z_]+=\S* )*make /, /^node stress\//, /^npm install /, /^npx vitest /, /npm run mock/].map(
    (match) => ({
      ...{ test: 'test/scripts/page-commands.test.ts', language: 'console', match },
    }),
  ),
  { test: 'test/scripts/page-commands.test.ts', page: 'docs/observability.md', language: 'console' },
  { test: 'test/readme.test.ts', page: 'README.md', language: 'console', match: /^curl / },
  { test: 'test/readme.test.ts', page: 'README.md', language: 'json' },
  { test: 'test/readme.test.ts', page: 'docs/errors.md', language: 'console' },
  { test: 'test/readme.test.ts', page: 'docs/operating.md', language: 'json' },
  { test: 'test/cli/pages.test.ts', page: 'README.md', language: 'console', match: /^npx calgate / },
  { test: 'test/cli/pages.test.ts', page: 'docs/commands.md', language: 'console' },
  { test: 'test/cli/pages.test.ts', page: 'docs/descriptions.md', language: 'console' },
  { test: 'test/cli/pages.test.ts', page: 'docs/library.md', language: 'console' },
  { test: 'test/cli/settings-file.test.ts', page: 'docs/configuration.md', language: 'yaml' },
  {
    ...{ test: 'test/contracts/page.test.ts', page: 'docs/contract-testing.md', language: 'console' },
    match: /^CONTRACT_UPSTREAM=/,
  },
  { test: 'test/contracts/page.test.ts', page: 'docs/contract-testing.md', language: 'text' },
  { test: 'test/contracts/page.test.ts', page: 'docs/contract-testing.md', language: 'yaml' },
  { test: 'test/description/documentation.test.ts', page: 'docs/descriptions.md', language: 'yaml' },
  { test: 'test/description/documentation.test.ts', page: 'docs/descriptions.md', language: 'json' },
  {
    ...{ test: 'test/description/documentation.test.ts', page: 'docs/descriptions.md', language: 'text' },
    match: /^(warning|left out): /,
  },
  { test: 'test/mcp/tool-selection.test.ts', page: 'docs/descriptions.md', language: 'text', match: /^http/ },
  { test: 'test/document/extensions.test.ts', page: 'docs/extensions.md', language: 'json' },
  { test: 'test/scripts/library-page.test.ts', page: 'docs/library.md', language: 'js' },
  { test: 'test/access/operating.test.ts', page: 'docs/operating.md', language: 'sh' },
  { test: 'test/system/first-pages.test.ts', page: 'docs/agents.md', language: 'console' },
  { test: 'test/system/first-pages.test.ts', page: 'docs/get-started.md', language: 'console' },
  { test: 'test/system/operating.test.ts', page: 'docs/operating.md', language: 'console' },
  { test: 'test/system/operating.test.ts', page: 'docs/operating.md', language: 'nginx' },
  { test: 'test/system/replicas-page.test.ts', page: 'docs/replicas.md', language: 'console' },
]

/** Lists the snippets of a page; a block without a language is a drawing. */
function readSnippets(page: string, text: string): Snippet[] {
  const commands = readConsoleCommands(text).map(({ command }) => ({
    ...{ page, language: 'console', text: command, before: '' },
  }))
  const blocks = [...text.matchAll(/(?:^|\n)([^\n]*)\n\n?```(\S+)\n([\s\S]*?)\n```/g)]
    .map(([, before = '', language = '', block = '']) => ({ page, language, text: block, before }))
    .filter(({ language }) => language !== 'console')
  return [...commands, ...blocks]
}

/** True where the page says so: in the comment of a command, or in the line before a block. */
function isMarkedUnrun({ language, text, before }: Snippet): boolean {
  return language === 'console' ? /#.*\bunrun\b/.test(text) : /\bunrun\b/.test(before)
}

function isRunBy({ page, language, text }: Snippet, runner: Runner): boolean {
  const isOfPage = runner.page === undefined || page === runner.page
  return isOfPage && language === runner.language && (runner.match?.test(text) ?? true)
}

/** Snippets that no test runs and no mark excuses, and those that a test runs in spite of their mark. */
function findWrong(snippets: readonly Snippet[]): string[] {
  return snippets
    .filter((one) => runners.some((runner) => isRunBy(one, runner)) === isMarkedUnrun(one))
    .map(({ page, text }) => `${page}: ${text}`)
}

const snippets = listFiles()
  .filter((path) => path.endsWith('.md'))
  .flatMap((path) => readSnippets(path, readText(path)))

describe('snippets of pages', () => {
  it('are run by a test, or marked as unrun', () => {
    expect(snippets.length).toBeGreaterThan(100)
    expect(findWrong(snippets)).toEqual([])
  })

  it('are each looked for in a language', () => {
    const fences = listFiles()
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) => [...readText(path).matchAll(/^ *(?:```|~~~)(\S+)$/gm)].map(([, name]) => name))
    const console = fences.filter((name) => name === 'console').length
    const others = snippets.filter(({ language }) => language !== 'console').length
    expect(fences.length - console).toBe(others)
  })

  it('that nothing runs are noticed, and so are marks that are not true', () => {
    const page = [
      '```console\n$ curl -s http://127.0.0.1:8080/\n$ docker build .  # unrun\n$ docker push a\n```\n',
      '```sh\nmake dev\n```\n',
      'This is unrun:\n\n```yaml\na: 1\n```\n',
      'An unrun block:\n\n```json\n{}\n```\n',
    ].join('\n')
    expect(findWrong(readSnippets('README.md', page))).toEqual([
      'README.md: docker push a',
      'README.md: make dev',
      'README.md: {}',
    ])
  })

  it('are run by tests that name their page, none of them for nothing', () => {
    const isStale = (runner: Runner) =>
      !snippets.some((one) => isRunBy(one, runner)) ||
      !existsSync(join(root, runner.test)) ||
      !readText(runner.test).includes(runner.page ?? '')
    expect(runners.filter(isStale)).toEqual([])
  })
})
