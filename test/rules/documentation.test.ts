import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it, vi } from 'vitest'
import { listVariables } from '../../src/config/variables.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { errorCatalogue } from '../../src/errors/catalogue.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { mcpClients } from '../../src/mcp/client-configuration.ts'
import { createGatewayMetrics } from '../../src/observability/gateway-metrics.ts'
import { logFields } from '../../src/observability/logger.ts'
import { Metrics } from '../../src/observability/metrics.ts'
import { isServing, type Readiness } from '../../src/observability/readiness.ts'
import { composePage } from '../../stress/page.ts'
import { listFiles, readSources, readText, root, type TextFile, walk } from './tree.ts'

const allVariables = listVariables(readApi(readDocument()))
const readme = existsSync(join(root, 'README.md')) ? readText('README.md') : ''
const pages = listFiles()
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readText(path) }))

describe('docs/errors.md', () => {
  it('lists every error with its status and sentence, and no other', () => {
    const raised = Object.entries(errorCatalogue).map(([code, { status, title }]) => [code, status, title])
    expect(sort(readTable(readText('docs/errors.md'), 'Codes'))).toEqual(sort(raised))
  })
})

describe('docs/errors.md, of the members', () => {
  it('lists those beside the members of RFC 9457, and no other', () => {
    const violations = [{ location: 'query.limit', message: 'is wrong', rule: 'type' }]
    const options = { violations, recovery: 'Look.', headers: { 'retry-after': '1' } }
    const told = Object.keys(new GatewayError('upstream_timeout', options).toHeaderlessProblem())
    const own = told.filter((name) => !['type', 'title', 'status', 'detail'].includes(name))
    const documented = readTable(readText('docs/errors.md'), 'Errors', 'Member').map(([name]) => name)
    expect(documented.toSorted()).toEqual(own.toSorted())
  })
})

describe('docs/agents.md', () => {
  it('lists every client that can be configured with its file, and no other', () => {
    const rows = [...readText('docs/agents.md').matchAll(/^\| ([\w ]+) \| `([\w-]+)` \| `([^`]+)`/gm)]
    const documented = rows.map(([, title, id, file]) => [id, title, file])
    const known = mcpClients.map(({ id, title, file }) => [id, title, file.replace(/^~.*\//, '')])
    expect(sort(documented)).toEqual(sort(known))
  })
})

describe('docs/configuration.md', () => {
  it('lists every variable with its default and sentence, and no other', () => {
    const documented = readTable(readText('docs/configuration.md'), 'Configuration')
    const read = Object.entries(allVariables).map(([name, { default: value, description }]) => [
      name,
      value,
      description,
    ])
    expect(
      sort(documented.map(([name, value = '', ...rest]) => [name, readDefault(value), ...rest])),
    ).toEqual(sort(read))
  })
})

describe('docs/observability.md', () => {
  it('lists every metric with its labels, and no other', () => {
    const spies = (['count', 'time', 'read', 'readTotal', 'readState'] as const).map((method) =>
      vi.spyOn(Metrics.prototype, method),
    )
    createGatewayMetrics({
      admission: () => ({ active: 0, waiting: 0 }),
      circuit: () => ({ state: 'closed' }),
      readiness: () => ({ readUpstream: async () => 'reachable' }),
      store: { available: true },
    })
    const [counts, times, ...gauges] = spies.map((spy) => spy.mock.calls)
    for (const spy of spies) spy.mockRestore()
    const labelled = [counts, times].flat().map((call) => [call?.[0], [call?.[2] ?? []].flat().join(', ')])
    const unlabelled = gauges.flat().map(([name]) => [name, name === 'circuit_state' ? 'state' : ''])
    const registered = [...labelled, ...unlabelled].map(([name, labels]) => [`calgate_${name}`, labels])
    const documented = readTable(readText('docs/observability.md'), 'Metrics').map(([name, labels]) => [
      name,
      labels,
    ])
    expect(sort(documented)).toEqual(sort(registered))
  })

  it('lists every answer of the readiness check under its status, and no other', () => {
    const known = { ready: 200, upstream_unreachable: 200, draining: 503, upstream_misconfigured: 503 }
    const states = Object.keys(known satisfies Record<Readiness, number>)
    const [, serving = '', ending = ''] =
      /^\| `\/health\/ready` \| (.*) \| (.*) \|$/m.exec(readText('docs/observability.md')) ?? []
    const listed = [serving, ending].map((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name))
    const isKnown = (name: string): name is Readiness => name in known
    const expected = [true, false].map((is) => states.filter(isKnown).filter((one) => isServing(one) === is))
    expect(listed.map((one) => one.toSorted())).toEqual(expected.map((one) => one.toSorted()))
  })

  it('lists every field of the log with its sentence, and no other', () => {
    const logged = Object.entries(logFields)
    expect(sort(readTable(readText('docs/observability.md'), 'Log'))).toEqual(sort(logged))
  })

  it('lists every message of the log, and no other', () => {
    const logged = readSources()
      .filter(({ path }) => path.startsWith('src/'))
      .flatMap(({ tree }) => walk(tree))
      .flatMap((node) =>
        ts.isCallExpression(node) && /\blog(ger)?\.(info|warn|error)$/.test(node.expression.getText())
          ? node.arguments.filter(ts.isStringLiteral).map(({ text }) => text)
          : [],
      )
    // Fastify writes this one; test/main.test.ts compares the table with what a gateway logs.
    const all = new Set([...logged, 'Server listening at …'])
    const documented = readTable(readText('docs/observability.md'), 'Log messages').map(([name]) => name)
    expect(documented.toSorted()).toEqual([...all].toSorted())
  })
})

describe('docs/reliability.md', () => {
  it('says beside its results what `make stress` writes', () => {
    const removeResults = (page: string) =>
      page
        .replaceAll(/^\|.*\| (met|\*\*missed\*\*) \|\n/gm, '')
        .replaceAll(/\n{3,}/g, '\n\n')
        .replace(/shared \d+ cores/, '')
    expect(removeResults(readText('docs/reliability.md'))).toBe(removeResults(composePage([])))
  })
})

describe('the README', () => {
  it('names only variables that there are', () => {
    expect(
      findMissing(/\b([A-Z]{2,}(?:_[A-Z]+)+)\b/g, [
        ...Object.keys(allVariables),
        'MOCK_PORT',
        'ALLOW_WRITES',
      ]),
    ).toEqual([])
  })

  it('names only make targets that exist', () => {
    const targets = [...readText('Makefile').matchAll(/^([a-z][\w-]*):/gm)].map(([, name]) => name)
    expect(findMissing(/\bmake ([a-z][\w-]*)/g, targets)).toEqual([])
  })

  it('names only npm scripts that exist', () => {
    const { scripts = {} } = JSON.parse(readText('package.json'))
    expect(findMissing(/\bnpm run ([a-z][\w:-]*)/g, Object.keys(scripts))).toEqual([])
  })
})

describe('tables', () => {
  it('are read below their heading and nowhere else', () => {
    const page = [
      '## Errors',
      '| code | status | meaning |',
      '|---|---|---|',
      '| `not_found` | 404 | a |',
      '| `timeout` | 504 | b | ',
      '### By Cal.com',
      '| `deeper` | 400 | c |',
      '## Other',
      '| `stray` | 400 | d |',
    ].join('\n')
    expect(readTable(page, 'Errors').map(([code]) => code)).toEqual(['not_found', 'timeout', 'deeper'])
  })
})

describe('links', () => {
  it('lead to files and headings that exist', () => {
    expect(findDeadLinks(pages)).toEqual([])
  })

  it('that lead nowhere are noticed', () => {
    const text = [
      '# A page: its `title`',
      '[a](../package.json) [b](none.md) [c](#a-page-its-title) [d](#none) [e](https://example.org/x.md)',
      '```\n[f](in-code.md)\n```',
      '![g](none.svg)',
    ].join('\n')
    expect(findDeadLinks([{ path: 'docs/a.md', text }])).toEqual([
      'docs/a.md → none.md',
      'docs/a.md → #none',
      'docs/a.md → none.svg',
    ])
  })
})

/**
 * The rows below a heading (and the headings under it) whose first cell is code: its text, then the other cells. Those
 * of one table alone, where its head is given.
 */
function readTable(page: string, heading: string, head = ''): string[][] {
  const [, level = '', rest = ''] = new RegExp(`^(#+) ${heading}\\s*$\\n([\\s\\S]*)`, 'm').exec(page) ?? []
  const section = level === '' ? '' : (rest.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0] ?? '')
  const table = section.split(/\n{2,}/).find((part) => part.startsWith(`| ${head}`)) ?? ''
  return [...(head === '' ? section : table).matchAll(/^\|\s*`([\w …]+)`\s*\|(.*)\|\s*$/gm)].map(
    ([, first = '', cells = '']) => [first, ...cells.split('|').map((cell) => cell.trim())],
  )
}

/** A default as the table writes it: code, or a word or dash for none. */
function readDefault(cell: string): string {
  return /^`(.+)`$/.exec(cell)?.[1] ?? (/^(|-|–|—|none|unset|empty)$/i.test(cell) ? '' : cell)
}

function sort(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => row.join(' ')).sort()
}

function findMissing(mention: RegExp, known: readonly (string | undefined)[]): string[] {
  const code = [...readme.matchAll(/`[^`\n]+`|^```[\s\S]*?^```/gm)].map(([text]) => text).join('\n')
  expect(code).not.toBe('')
  const named = [...code.matchAll(mention)].map(([, name = '']) => name)
  return named.filter((name) => !known.includes(name))
}

function findDeadLinks(files: readonly TextFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, '')
    return [...prose.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(path, text, target))
      .map((target) => `${path} → ${target}`)
  })
}

function leadsSomewhere(from: string, page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? from : posix.join(posix.dirname(from), decodeURI(file))
  if (file !== '' && !existsSync(join(root, path))) return false
  return anchor === undefined || listAnchors(file === '' ? page : readText(path)).includes(anchor)
}

/** The anchors GitHub gives a page's headings. */
function listAnchors(page: string): string[] {
  return [...page.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
