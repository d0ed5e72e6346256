import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { listFiles, parseSource, readSources, readText, type TextFile, walk } from './tree.ts'

interface Refusal {
  readonly pattern: RegExp
  /** The word of the field to use in its place. */
  readonly use: string
}

/** Figures of speech that had become terms of this project, each with the term that readers know. */
const everywhere: readonly Refusal[] = [
  { pattern: /\bdoors?\b/i, use: 'REST server, MCP server, both servers' },
  { pattern: /\bguarded gateway\b/i, use: 'gateway with configured credentials' },
  { pattern: /\bwhoever\b|\bwho asks\b/i, use: 'client, user' },
  { pattern: /\bpatience\b/i, use: 'time limit, timeout' },
  { pattern: /\bturn(s|ed|ing)? away\b/i, use: 'refuse, return 503' },
  // `source.verdicts` is a library's.
  { pattern: /(?<!\.)\bverdicts?\b/i, use: 'result' },
  { pattern: /\bjudg(e|es|ed|ing|ement)\b/i, use: 'runner, check' },
  { pattern: /\bprovers?\b/i, use: 'check' },
  { pattern: /\btrials?\b/i, use: 'test case' },
  { pattern: /\bscenes?\b|\bstages?\b/i, use: 'context, test environment' },
  { pattern: /\bleash(es)?\b/i, use: 'exit with the parent' },
  { pattern: /\bwelcome\b/i, use: 'startup message' },
  { pattern: /\bdepartures?\b|\bdeparts? from\b|\bdrift\b/i, use: 'response mismatch, response sampling' },
  { pattern: /\bwithheld\b|\bwithhold(s|ing)\b/i, use: 'redacted' },
  { pattern: /\bin doubt\b/i, use: 'unknown' },
  { pattern: /\b(come|comes|came) to light\b/i, use: 'is exposed' },
  { pattern: /\bfulfils?\b/i, use: 'meets, resolves' },
  { pattern: /\b(is|are|was|be|has|have) gone\b/i, use: 'has ended, has disconnected' },
  { pattern: /\b(go|goes|went|gone) up\b|\bway (up|down)\b/i, use: 'upstream request, response' },
  { pattern: /\b(free|for a|want of a|get a|has a) places?\b/i, use: 'concurrency limit, free slot' },
  { pattern: /\bis there room\b/i, use: 'concurrency limit' },
  { pattern: /\bturns? of the event loop\b/i, use: 'event-loop tick' },
  { pattern: /\bplain request\b|\bcareful path\b/i, use: 'fast path, SDK path' },
  {
    pattern:
      /\bheld (secret|credentials?|client|api key)\b|\bholds? (a|the|its) (secret|credentials?|target)\b/i,
    use: 'configured credentials; to meet a target',
  },
]

const answers: Refusal = { pattern: /\banswer(s|ed|ing)?\b/i, use: 'response, result, returns' }

/** Words that code may use and pages may not. */
const inPages: readonly Refusal[] = [{ pattern: /\bcallers?\b/i, use: 'client, user' }, answers]

/** Pages that are still to be rewritten. */
const pending =
  /^docs\/(?!configuration|descriptions|errors|architecture|operating|changes|decisions|extensions|performance|reliability)/

const texts = listFiles()
  .filter((path) => !pending.test(path))
  // This file plants the words that it refuses.
  .filter((path) => /\.(md|ts|cts|yaml)$/.test(path) && path !== 'test/rules/words.test.ts')
  .filter((path) =>
    /^(docs|src|contracts|mocks|test|scripts|stress|bench|README|SECURITY|CONTRIBUTING|CHANGELOG|\.github)\b/.test(
      path,
    ),
  )
  .map((path) => ({ path, text: readText(path) }))

describe('words', () => {
  it('are those of the field', () => {
    expect(findWords(texts)).toEqual([])
  })

  it('are those of pages in what clients, models and operators read', () => {
    const told = readSources().map(({ path, tree }) => ({ path, text: listTexts(tree).join('\n') }))
    const described = listFiles('openapi')
      .filter((path) => path.endsWith('.yaml'))
      .map((path) => ({ path, text: readText(path) }))
    expect(findWords([...told, ...described], [answers])).toEqual([])
    const planted = parseSource('src/a.ts', `f(\`answered \${status}\`, 'answers') // answer\n`)
    expect(listTexts(planted.tree).filter((text) => answers.pattern.test(text))).toEqual([
      'answered ',
      'answers',
    ])
  })

  it('that are figures of speech are noticed, in names too', () => {
    const planted = [
      { path: 'src/a.ts', text: '// The two doors\nfunction awaitWelcome() {}\nconst freePlaces = 1\n' },
      { path: 'docs/a.md', text: 'The caller gets an answer.\n' },
    ]
    expect(findWords(planted)).toEqual([
      'src/a.ts:1: doors → REST server, MCP server, both servers',
      'src/a.ts:2: Welcome → startup message',
      'src/a.ts:3: free Places → concurrency limit, free slot',
      'docs/a.md:1: caller → client, user',
      'docs/a.md:1: answer → response, result, returns',
    ])
  })

  it('that stand as old names in docs/changes.md are not', () => {
    const text = '| `x-withheld` | `x-redacted-notice` |\n| `held` | a welcome |\n'
    expect(findWords([{ path: 'docs/changes.md', text }])).toEqual([
      'docs/changes.md:2: welcome → startup message',
    ])
  })

  it('that only look like them are not', () => {
    const text =
      'outdoor; in place of it; takes place; it turns a page; `DRIFT_SAMPLE`; the placeholder; replaces\n'
    expect(findWords([{ path: 'docs/a.md', text }])).toEqual([])
  })
})

/** Lists the texts of a program, with those around the values of templates. */
function listTexts(tree: ts.Node): string[] {
  return walk(tree).flatMap((node) =>
    ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
      ? [node.text]
      : [],
  )
}

/** Names are read word by word: `awaitWelcome` holds "Welcome". */
function findWords(files: readonly TextFile[], further: readonly Refusal[] = []): string[] {
  return files.flatMap(({ path, text }) => {
    const refusals = [...everywhere, ...(path.endsWith('.md') ? inPages : further)]
    const current = path === 'docs/changes.md' ? text.replaceAll(/^\| [^|]+ \|/gm, '|') : text
    return current
      .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
      .split('\n')
      .flatMap((line, index) =>
        refusals.flatMap(({ pattern, use }) => {
          const found = pattern.exec(line)?.[0]
          return found === undefined ? [] : [`${path}:${index + 1}: ${found} → ${use}`]
        }),
      )
  })
}
